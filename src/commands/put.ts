import {Args} from '@oclif/core'
import {planPut, put} from '../actions/files/put.ts'
import {standardInput} from '../cli/standard-input.ts'
import {TransferCommand, transferJson} from '../cli/transfer-command.ts'
import {transferFlags} from '../cli/transfer-flags.ts'

export default class Put extends TransferCommand {
  static override summary = 'Copy files to the attached workspace'
  static override description =
    `The last path is the target on the workspace; a relative one is below the project directory, ~/ is the home directory
there. A file is written beside its target, compared by SHA-256, and renamed: nobody sees half of it, and what was there
before stays if the transfer fails. Modes and times are kept. "-" is stdin.`
  static override examples = [
    '<%= config.bin %> put build.tar.gz releases/',
    '<%= config.bin %> put -r src docs ~/backup/',
    '<%= config.bin %> put --resume disk.img /data/disk.img',
    'pg_dump shop | <%= config.bin %> put - shop.sql',
  ]
  static override usage = 'put LOCAL... REMOTE'
  static override strict = false
  static override args = {
    local: Args.string({required: true, ignoreStdin: true, description: 'files here, or - for stdin'}),
    remote: Args.string({required: true, ignoreStdin: true, description: 'a file or a directory on the workspace'}),
  }
  static override flags = transferFlags

  async run(): Promise<object> {
    const {flags, raw} = await this.parse(Put)
    const paths = this.pathsOf(raw)
    const context = this.createContext()
    return this.metered(async (meter) => {
      const input = {
        ...{workspace: flags.workspace, profile: flags.profile, meter},
        ...{sources: paths.slice(0, -1), target: paths.at(-1) ?? ''},
        ...{isRecursive: flags.recursive, follows: flags.follow, isResumed: flags.resume},
        ...{isVerified: !flags['no-verify'], mayReplace: !flags['no-clobber']},
        stdin: () => standardInput(context.interrupted),
      }
      if (flags['dry-run']) {
        const plan = planPut(context, input)
        for (const path of plan.paths) this.log(path)
        return {dry_run: true, target: input.target, ...plan}
      }
      const done = await put(context, input)
      meter.end()
      this.tellTransfer(
        'Put',
        done,
        input.isVerified,
        `${done.isInto ? 'into' : 'at'} ${input.target} on ${done.session.title}`,
      )
      return {...transferJson(done, input.isVerified), target: input.target, into: done.isInto}
    })
  }
}
