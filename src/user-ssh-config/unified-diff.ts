/** Unchanged lines that are shown around a change. */
const CONTEXT = 3

/**
 * A change as a unified diff, '' where there is none. Made for changes that put one piece in and take one out: what both
 * texts begin and end with stays, as does what moved down as a whole.
 */
export function unifiedDiff(before: string, after: string, {from, to}: {from: string; to: string}): string {
  const script = compare(linesOf(before), linesOf(after))
  const changes = script.flatMap(({mark}, at) => (mark === ' ' ? [] : [at]))
  const hunks: {start: number; end: number}[] = []
  for (const at of changes) {
    const last = hunks.at(-1)
    const end = Math.min(script.length, at + CONTEXT + 1)
    if (last !== undefined && at - CONTEXT <= last.end) last.end = end
    else hunks.push({start: Math.max(0, at - CONTEXT), end})
  }
  if (hunks.length === 0) return ''
  return `--- ${from}\n+++ ${to}\n${hunks.map(({start, end}) => hunkText(script, start, end)).join('')}`
}

interface Step {
  readonly mark: ' ' | '-' | '+'
  readonly line: string
}

const compare = (old: readonly string[], fresh: readonly string[]): readonly Step[] => {
  const shorter = Math.min(old.length, fresh.length)
  let top = 0
  while (top < shorter && old[top] === fresh[top]) top += 1
  let bottom = 0
  while (bottom < shorter - top && old.at(-1 - bottom) === fresh.at(-1 - bottom)) bottom += 1
  const [out, put] = [old.slice(top, old.length - bottom), fresh.slice(top, fresh.length - bottom)]
  const moved = movedDown(out, put)
  const steps = (mark: Step['mark'], lines: readonly string[]): readonly Step[] => lines.map((line) => ({mark, line}))
  return [
    ...steps(' ', old.slice(0, top)),
    ...(moved === 0 ? steps('-', out) : []),
    ...steps('+', put.slice(0, put.length - moved)),
    ...steps(' ', out.slice(0, moved)),
    ...(moved === 0 ? [] : steps('-', out.slice(moved))),
    ...steps(' ', old.slice(old.length - bottom)),
  ]
}

/** How many lines `out` begins with and `put` ends with. */
const movedDown = (out: readonly string[], put: readonly string[]): number => {
  for (let count = Math.min(out.length, put.length); count > 0; count -= 1) {
    const start = put.length - count
    if (put[start] === out[0] && put.slice(start).every((line, at) => line === out[at])) return count
  }
  return 0
}

const hunkText = (script: readonly Step[], start: number, end: number): string => {
  const count = (steps: readonly Step[], not: Step['mark']): number => steps.filter(({mark}) => mark !== not).length
  const [above, shown] = [script.slice(0, start), script.slice(start, end)]
  const range = (not: Step['mark']): string => {
    const lines = count(shown, not)
    // An empty range is named by the line before it.
    return `${count(above, not) + (lines === 0 ? 0 : 1)},${lines}`
  }
  const body = shown.map(({mark, line}) =>
    line.endsWith('\n') ? mark + line : `${mark}${line}\n\\ No newline at end of file\n`,
  )
  return `@@ -${range('+')} +${range('-')} @@\n${body.join('')}`
}

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
