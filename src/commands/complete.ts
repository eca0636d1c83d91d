import {listWorkspaces} from '../actions/list-workspaces.ts'
import {BaseCommand} from '../cli/base-command.ts'
import {answerFor, type Candidate} from '../cli/completion/candidates.ts'
import {FILES_LINE, joined, SHELLS, type ShellName} from '../cli/completion/shells.ts'
import {readProfiles} from '../profile/profile-file.ts'
import {nameOf, wordFor} from '../workspace/workspace.ts'

/** Whoever pressed TAB waits. */
const LIMIT_MS = 1000
/** What no shell takes for anything but a word. */
const PLAIN = /^[A-Za-z0-9-][A-Za-z0-9._:-]*$/

export default class Complete extends BaseCommand {
  static override hidden = true
  static override summary = 'Say what may stand where the cursor is, for the shell of whoever presses TAB'
  static override examples = ['<%= config.bin %> complete bash -- connect =lo']
  static override strict = false

  async run(): Promise<{lines: readonly (readonly string[])[]}> {
    const at = this.argv.indexOf('--')
    const [name = ''] = this.argv
    const words = at === -1 ? [] : this.argv.slice(at + 1)
    if (!Object.hasOwn(SHELLS, name)) return {lines: []}
    const shell = SHELLS[name as ShellName]
    const typed = [...words.slice(0, -1), (words.at(-1) ?? '=').slice(1)]
    const whole = name === 'bash' ? joined(typed) : typed
    const current = whole.at(-1) ?? ''
    const candidates = await this.#candidates(whole.slice(0, -1), current)
    const lines =
      candidates === 'files'
        ? [[FILES_LINE]]
        : candidates
            .filter(({value}) => PLAIN.test(value) && value.startsWith(current))
            .map((candidate) => shell.cells(candidate, current))
    const columns = (lines[0] ?? []).map((_, at) => ({head: '', cell: (line: readonly string[]) => line[at] ?? ''}))
    this.logTable(lines, columns)
    return {lines}
  }

  async #candidates(before: readonly string[], current: string): Promise<readonly Candidate[] | 'files'> {
    const answer = answerFor(this.config.commands, before, current)
    if (answer.kind === 'words') return answer.candidates
    if (answer.kind === 'files') return 'files'
    if (answer.kind === 'profiles') return this.#profiles()
    const colon = current.indexOf(':')
    const prefix = current.slice(0, colon + 1)
    const profile = colon === -1 ? answer.profile : current.slice(0, colon)
    const {workspaces} = await listWorkspaces(this.createContext(), {profile, all: false, limitMs: LIMIT_MS})
    return workspaces.map((one) => ({value: `${prefix}${wordFor(one)}`, text: nameOf(one)}))
  }

  async #profiles(): Promise<readonly Candidate[]> {
    const {profiles} = await readProfiles(this.createContext().folders.config)
    return [...profiles].map(([value, {apiBase}]) => ({value, text: apiBase}))
  }

  /** A completion that fails completes nothing; words of ours would land in somebody's line. */
  protected override async catch(): Promise<void> {}
}
