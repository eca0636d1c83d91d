/** One option as it stands in a file. */
export interface ConfigLine {
  readonly number: number
  /** In lower case. */
  readonly keyword: string
  readonly words: readonly string[]
  /** The words of the `Host` line above it; undefined above the first, null below a `Match`. */
  readonly section: {readonly number: number; readonly patterns: readonly string[] | null} | undefined
}

/**
 * The options of an ssh_config, read only to look for some of them: what an option means is for ssh itself to say.
 * ssh_config(5): a keyword and words, by blanks or one `=`, in quotes or not; what begins with `#` is a comment.
 * `firstLine` is the number of the first line.
 */
export function configLines(text: string, firstLine = 1): readonly ConfigLine[] {
  let section: ConfigLine['section']
  return text.split('\n').flatMap((line, at) => {
    const [, keyword = '', rest = ''] = /^\s*"?([A-Za-z0-9]+)"?(?:\s*=\s*|\s+|$)(.*)$/.exec(line.trimEnd()) ?? []
    if (keyword === '') return []
    const number = firstLine + at
    const lower = keyword.toLowerCase()
    const words = wordsOf(rest)
    if (lower === 'host') section = {number, patterns: words}
    if (lower === 'match') section = {number, patterns: null}
    return [{number, keyword: lower, words, section}]
  })
}

const wordsOf = (rest: string): readonly string[] => {
  const words: string[] = []
  for (const [word, inQuotes] of rest.matchAll(/"([^"]*)"|[^\s"]+/g)) {
    if (word.startsWith('#')) break
    words.push(inQuotes ?? word)
  }
  return words
}

/** The names that a file has a `Host` of their own for: no pattern, and nothing that ssh would take for a flag. */
export const literalHosts = (lines: readonly ConfigLine[]): readonly string[] => [
  ...new Set(
    lines.flatMap(({keyword, words}) =>
      keyword === 'host' ? words.filter((word) => /^(?!-)[^*?!]+$/.test(word)) : [],
    ),
  ),
]

/** Whether an option is for a host, or may be: what a `Match` says is not for us to know. */
export function appliesTo({section}: ConfigLine, host: string): boolean {
  const patterns = section?.patterns
  if (patterns === undefined || patterns === null) return true
  const fits = (pattern: string): boolean => (/[*?]/.test(pattern) ? matcherOf(pattern).test(host) : pattern === host)
  // PATTERNS: a negated match makes the line not apply, whatever else is there.
  if (patterns.some((one) => one.startsWith('!') && fits(one.slice(1)))) return false
  return patterns.some((one) => !one.startsWith('!') && fits(one))
}

const matcherOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^$(){}|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )
