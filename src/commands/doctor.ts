import {runDoctor} from '../actions/run-doctor.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import type {NamedFinding} from '../doctor/examine.ts'

export default class Doctor extends BaseCommand {
  static override summary = 'Look for what is wrong on this machine'
  static override description = 'Exits with 1 where something has failed.'
  static override examples = ['<%= config.bin %> doctor', '<%= config.bin %> doctor --json']
  static override flags = {...profileFlag}

  async run(): Promise<{ok: boolean; checks: readonly NamedFinding[]}> {
    const {flags} = await this.parse(Doctor)
    const checks = await runDoctor(this.createContext(), {profile: flags.profile})
    const ok = checks.every(({status}) => status !== 'fail')
    if (!ok) process.exitCode = 1
    for (const {status, name, detail, hint} of checks) {
      this.log(`${status.padEnd(4)}  ${name.padEnd(13)}  ${detail}`)
      if (hint !== undefined) this.log(`      ${''.padEnd(13)}  ${hint}`)
    }
    return {ok, checks}
  }
}
