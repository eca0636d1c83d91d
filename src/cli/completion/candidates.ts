/** A word that may stand where the cursor is, and what it means. */
export interface Candidate {
  readonly value: string
  readonly text: string
}

/** What may stand where the cursor is. */
export type Answer =
  | {readonly kind: 'words'; readonly candidates: readonly Candidate[]}
  | {readonly kind: 'files'}
  /** A workspace, in the account that was named. */
  | {readonly kind: 'workspaces'; readonly profile: string | undefined}
  | {readonly kind: 'profiles'}

/** A command as oclif describes it; `id` has a colon between its words. */
export interface Described {
  readonly id: string
  readonly summary?: string | undefined
  readonly hidden?: boolean | undefined
  readonly flags: Readonly<Record<string, DescribedFlag>>
  readonly args: Readonly<Record<string, {readonly hidden?: boolean | undefined}>>
}

interface DescribedFlag {
  readonly type: 'boolean' | 'option'
  readonly char?: string | undefined
  readonly summary?: string | undefined
  readonly description?: string | undefined
  readonly helpValue?: string | readonly string[] | undefined
  readonly options?: readonly string[] | undefined
  readonly multiple?: boolean | undefined
  readonly hidden?: boolean | undefined
}

/** What may follow `before`, the words between the name of the program and the cursor, and begin with `current`. */
export function answerFor(commands: readonly Described[], before: readonly string[], current: string): Answer {
  if (before.includes('--')) return NOTHING
  const command = commandOf(commands, before)
  if (command === undefined) return nextWords(commands, before, current)
  const previous = flagOf(command, before.at(-1) ?? '')
  if (previous?.flag.type === 'option') return valuesOf(previous.name, previous.flag, before)
  if (current.startsWith('-')) return {kind: 'words', candidates: flagsOf(command, before, current)}
  const [name, isFile] = argumentAt(command, before)
  if (name === 'workspace') return {kind: 'workspaces', profile: valueAfter('--profile', before)}
  return isFile ? {kind: 'files'} : NOTHING
}

const NOTHING: Answer = {kind: 'words', candidates: []}

const commandOf = (commands: readonly Described[], before: readonly string[]): Described | undefined =>
  commands
    .filter(({id}) => id.split(':').every((word, at) => word === before[at]))
    .sort((one, other) => other.id.length - one.id.length)[0]

const nextWords = (commands: readonly Described[], before: readonly string[], current: string): Answer => {
  const texts = new Map<string, string>()
  for (const {id, summary = '', hidden} of commands) {
    const words = id.split(':')
    const next = words[before.length]
    const isBelow = before.every((word, at) => word === words[at])
    // A word that several commands begin with means none of them.
    if (!hidden && isBelow && next?.startsWith(current)) texts.set(next, texts.has(next) ? '' : summary)
  }
  return {kind: 'words', candidates: [...texts].map(([value, text]) => ({value, text}))}
}

const flagOf = ({flags}: Described, word: string): {name: string; flag: DescribedFlag} | undefined => {
  const found = Object.entries(flags).find(
    ([name, {char}]) => word === `--${name}` || (char !== undefined && word === `-${char}`),
  )
  return found === undefined ? undefined : {name: found[0], flag: found[1]}
}

const valuesOf = (name: string, {options, helpValue}: DescribedFlag, before: readonly string[]): Answer => {
  if (options !== undefined) return {kind: 'words', candidates: options.map((value) => ({value, text: ''}))}
  if (name === 'profile') return {kind: 'profiles'}
  if (name === 'workspace') return {kind: 'workspaces', profile: valueAfter('--profile', before)}
  return /file|path|dir/.test(String(helpValue ?? '')) ? {kind: 'files'} : NOTHING
}

const valueAfter = (flag: string, words: readonly string[]): string | undefined => {
  const at = words.indexOf(flag)
  return at === -1 ? undefined : words[at + 1]
}

const flagsOf = (command: Described, before: readonly string[], current: string): readonly Candidate[] =>
  Object.entries(command.flags)
    .filter(([name, {hidden, multiple}]) => !hidden && (multiple || !before.includes(`--${name}`)))
    .map(([name, {summary, description}]) => ({value: `--${name}`, text: summary ?? description ?? ''}))
    .filter(({value}) => value.startsWith(current))

/** The name of the argument that comes next, the last one for all that follow, and whether it is a file here. */
const argumentAt = (command: Described, before: readonly string[]): readonly [string | undefined, boolean] => {
  const names = Object.keys(command.args)
  let given = -command.id.split(':').length
  for (const [at, word] of before.entries()) {
    const isValue = flagOf(command, before[at - 1] ?? '')?.flag.type === 'option'
    if (!isValue && !word.startsWith('-')) given += 1
  }
  const name = names[Math.min(given, names.length - 1)]
  return [name, name !== undefined && /^(?:local|file|path)/i.test(name)]
}
