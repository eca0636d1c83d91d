import {Args, Flags} from '@oclif/core'
import {get, planGet} from '../actions/files/get.ts'
import {descriptorSink} from '../cli/descriptor-sink.ts'
import {ContradictingFlagsError} from '../cli/run-refusals.ts'
import {placeJson, TransferCommand, transferJson} from '../cli/transfer-command.ts'
import {transferFlags} from '../cli/transfer-flags.ts'

export default class Get extends TransferCommand {
  static override summary = 'Copy files from the attached workspace'
  static override description =
    `Relative paths are below the project directory of the workspace, ~/ is the home directory there. A file is written beside
its target, compared by SHA-256, and renamed: what was here before stays if the transfer fails. Nothing is written
outside the target, whatever the workspace sends. Without --out a file goes into the current directory.`
  static override examples = [
    '<%= config.bin %> get build/app.log',
    '<%= config.bin %> get -r coverage --out report',
    '<%= config.bin %> get --resume /data/disk.img --out disk.img',
    '<%= config.bin %> get shop.sql --out - | psql shop',
  ]
  static override usage = 'get REMOTE... [--out PATH|DIR|-]'
  static override strict = false
  static override args = {
    remote: Args.string({required: true, ignoreStdin: true, description: 'files on the workspace'}),
  }
  static override flags = {
    ...transferFlags,
    out: Flags.string({char: 'o', helpValue: '<path>', description: 'a file or a directory here, or - for stdout'}),
  }

  async run(): Promise<object> {
    const {flags, raw} = await this.parse(Get)
    const sources = this.pathsOf(raw)
    if (flags.out === '-' && flags.json)
      throw new ContradictingFlagsError('--out -', '--json', 'stdout holds one of them.')
    const context = this.createContext()
    return this.metered(async (meter) => {
      const input = {
        ...{workspace: flags.workspace, profile: flags.profile, meter},
        ...{sources, out: flags.out, stdout: descriptorSink('stdout')},
        ...{isRecursive: flags.recursive, follows: flags.follow, isResumed: flags.resume},
        ...{isVerified: !flags['no-verify'], mayReplace: !flags['no-clobber']},
      }
      if (flags['dry-run']) {
        const plan = await planGet(context, input)
        this.log(`${plan.entries} entries, ${plan.bytes} bytes`)
        const {entries, bytes, targets} = plan
        return {dry_run: true, entries, bytes, targets, ...placeJson(plan)}
      }
      const done = await get(context, input)
      meter.end()
      if (flags.out !== '-') this.tellTransfer('Got', done, input.isVerified, `as ${done.targets.join(', ')}`)
      return {...transferJson(done, input.isVerified), targets: done.targets}
    })
  }
}
