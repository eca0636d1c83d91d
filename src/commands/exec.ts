import {Flags} from '@oclif/core'
import {profileFlag} from '../cli/base-command.ts'
import {RemoteCommand} from '../cli/remote-command.ts'
import {type RunJson, runWords} from '../cli/run-words.ts'

export default class Exec extends RemoteCommand {
  static override summary = 'Run one command on the attached workspace'
  static override description =
    `Runs in the project directory. One word behind the dashes is a line for the workspace's login shell; several words are an
argv and arrive exactly as they are. The exit status is the remote command's own, 128 + n where a signal ended it, and
125 whenever it is not the command's own.`
  static override examples = [
    '<%= config.bin %> exec -- npm test',
    '<%= config.bin %> exec -- "ls -l | wc -l"',
    '<%= config.bin %> exec --workspace payments-api --home -- git clone https://example.com/a.git',
  ]
  static override flags = {
    ...profileFlag,
    workspace: Flags.string({
      char: 'w',
      helpValue: '<workspace>',
      description: 'another workspace than the attached one',
    }),
    home: Flags.boolean({description: 'run in the home directory instead of the project directory'}),
    cwd: Flags.string({
      helpValue: '<directory>',
      description: 'run in this directory; a relative one is below the project directory',
    }),
  }

  async run(): Promise<RunJson> {
    const {ours, words = []} = this.splitArgv()
    const {flags} = await this.parse(Exec, ours)
    const {workspace, profile, home, cwd} = flags
    return runWords(this.createContext(), {words, workspace, profile, home, cwd}, {isJson: this.jsonEnabled()})
  }
}
