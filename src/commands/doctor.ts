import {Flags} from '@oclif/core'
import {type Mended, runDoctor} from '../actions/run-doctor.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {linesOfSsh, quotationJson} from '../cli/ssh-words.ts'
import {diagnosis} from '../cli/ui/diagnosis.ts'
import {CHECKS, type NamedFinding} from '../doctor/examine.ts'

/** A finding as it stands in the JSON. */
interface Told extends Pick<NamedFinding, 'name' | 'status' | 'detail' | 'hint'> {
  readonly group: string | undefined
  /** Whether --fix can do something about it. */
  readonly fixable: boolean
  readonly ssh_said?: readonly string[]
}

export default class Doctor extends BaseCommand {
  static override summary = 'Look for what is wrong on this machine'
  static override description =
    'Exits with 1 where something has failed. --fix touches only what is ours: modes of our files and folders, what killed processes left, entries of config-ssh that start what is gone.'
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --fix',
    '<%= config.bin %> doctor --json',
  ]
  static override flags = {
    ...profileFlag,
    fix: Flags.boolean({description: 'Mend what can be mended without asking, and say what was done'}),
    verbose: Flags.boolean({
      char: 'v',
      description: "Show what was found where all is well, too, and ssh's own words where it fails",
    }),
  }

  async run(): Promise<{ok: boolean; fixed: readonly Mended[]; checks: readonly Told[]}> {
    const {flags} = await this.parse(Doctor)
    const {profile, fix, verbose: isVerbose} = flags
    const {checks, fixed} = await runDoctor(this.createContext(), {profile, fix, version: this.config.version})
    const ok = checks.every(({status}) => status !== 'fail')
    if (!ok) process.exitCode = 1
    for (const {did} of fixed) this.log(`fixed: ${did}`)
    for (const line of diagnosis(checks, {isVerbose})) this.log(line)
    if (!fix && checks.some(({fixes = []}) => fixes.length > 0))
      this.log('Some of it can be mended: runcode doctor --fix')
    return {ok, fixed, checks: checks.map((finding) => told(finding, isVerbose))}
  }
}

const told = ({name, status, detail, hint, facts, said, fixes = []}: NamedFinding, isVerbose: boolean): Told => ({
  ...{name, group: CHECKS.find((check) => check.name === name)?.group, status, detail, hint},
  fixable: fixes.length > 0,
  ...facts,
  ...quotationJson(isVerbose ? linesOfSsh(said) : []),
})
