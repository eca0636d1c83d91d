import {oclifRunFlags} from '../cli/oclif-run-flags.ts'
import {RemoteCommand} from '../cli/remote-command.ts'
import {runLine} from '../cli/run-line.ts'

export default class Exec extends RemoteCommand {
  static override summary = 'Run one command on the attached workspace'
  static override description =
    `Runs in the project directory. One word behind the dashes is a line for the workspace's login shell; several words are an
argv and arrive exactly as they are. The exit status is the remote command's own, 128 + n where a signal ended it, 124
where --timeout did, and 125 whenever it is not the command's own. However this program ends, the command ends with it.`
  static override examples = [
    '<%= config.bin %> exec -- npm test',
    '<%= config.bin %> exec -- "ls -l | wc -l"',
    '<%= config.bin %> exec --timeout 10m --result-file r.json -- npm test',
    '<%= config.bin %> exec --script deploy.sh -- staging',
    '<%= config.bin %> exec --login --env CI=1 --json -- npm ci',
    '<%= config.bin %> exec --workspace payments-api --home -- git clone https://example.com/a.git',
  ]
  static override flags = oclifRunFlags()

  async run(): Promise<void> {
    const {ours, words} = this.splitArgv()
    const {flags} = await this.parse(Exec, ours)
    await runLine({verb: 'exec', values: flags, words})
  }
}
