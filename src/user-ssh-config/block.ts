import {RuncodeError} from '../core/errors.ts'

/** The markers that RunCode's tools share: a file has one such block, whichever of them wrote it. */
export const BEGIN = '# >>> runcode managed block (do not edit) >>>'
export const END = '# <<< runcode managed block <<<'

/**
 * The text of an ssh_config of the user's is its bytes, one character each (latin1), so that what we do not understand
 * goes through us unchanged. `bytesOf` makes such a text of one of ours, `textOf` one for people.
 */
export const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
export const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')

/** The managed block in a file. */
export interface Block {
  /** Where the line of its first marker begins. */
  readonly start: number
  /** Behind the line end of its last marker. */
  readonly end: number
  /** The lines between the markers, without their line ends. */
  readonly lines: readonly string[]
  /** The number of the first of these lines in the file. */
  readonly firstLine: number
}

/** The markers in a file are not one pair: what lies between them can't be told. */
export class DamagedBlockError extends RuncodeError {
  constructor(path: string, lines: readonly number[], why: string) {
    super(`The markers of runcode's block in ${path} are damaged: ${why} (line ${lines.join(', ')}).`, {
      code: 'block_damaged',
      hint: 'Mend these lines, or go back to a copy that was kept: runcode config-ssh --restore',
      facts: {path, lines},
    })
  }
}

/** The one block of a file, or undefined where it has none. Throws DamagedBlockError for all that is not one pair of markers. */
export function findBlock(text: string, path: string): Block | undefined {
  const [begin, end, ...more] = markersIn(text)
  if (begin === undefined) return undefined
  const all = [begin, ...(end === undefined ? [] : [end]), ...more]
  const refuse = (why: string): never => {
    throw new DamagedBlockError(
      path,
      all.map(({line}) => line),
      why,
    )
  }
  if (all.some(({kind}) => kind === 'damaged')) return refuse('a marker is not as it was written')
  if (begin.kind === 'end') return refuse('it ends before it begins')
  if (end === undefined) return refuse('it begins and does not end')
  if (end.kind === 'begin') return refuse('it begins again before it ends')
  if (more.length > 0) return refuse('there is more than one')
  const body = text.slice(begin.end, end.start)
  const lines = body.split('\n').slice(0, -1)
  return {
    start: begin.start,
    end: end.end,
    lines: lines.map((line) => line.replace(/\r$/, '')),
    firstLine: begin.line + 1,
  }
}

/** The file without its block: exactly what was there before it was put in. */
export const withoutBlock = (text: string, block: Block | undefined): string =>
  block === undefined ? text : text.slice(0, block.start) + text.slice(block.end)

/**
 * The file with these lines, between markers, as its first ones: ssh takes the first value that it finds. They end as the
 * lines of the file do.
 */
export function withBlock(text: string, lines: readonly string[]): string {
  const eol = /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n'
  const at = text.startsWith(BOM) ? BOM.length : 0
  const block = [BEGIN, ...lines, END].map((line) => bytesOf(line) + eol).join('')
  return text.slice(0, at) + block + text.slice(at)
}

const BOM = bytesOf('\uFEFF')

interface Marker {
  readonly kind: 'begin' | 'end' | 'damaged'
  readonly start: number
  readonly end: number
  /** From 1. */
  readonly line: number
}

/** ssh ends a line at a line feed, and at nothing else. */
const markersIn = (text: string): readonly Marker[] => {
  const markers: Marker[] = []
  let line = 1
  let counted = 0
  for (const {index} of text.matchAll(/runcode managed block/gi)) {
    const lineStart = text.lastIndexOf('\n', index) + 1
    const start = lineStart === 0 && text.startsWith(BOM) ? BOM.length : lineStart
    if (markers.at(-1)?.start === start) continue
    const feed = text.indexOf('\n', index)
    const end = feed === -1 ? text.length : feed + 1
    const kind = kindOf(text.slice(start, end))
    if (kind === undefined) continue
    for (let at = text.indexOf('\n', counted); at !== -1 && at < start; at = text.indexOf('\n', at + 1)) {
      line += 1
      counted = at + 1
    }
    markers.push({kind, start, end, line})
  }
  return markers
}

/** A line that only speaks of the block is nothing to us; one that looks like a marker and is none was one. */
const kindOf = (line: string): Marker['kind'] | undefined => {
  const words = line.trimEnd()
  if (words === BEGIN) return 'begin'
  if (words === END) return 'end'
  return /^\s*#?\s*[<>]{2}/.test(words) ? 'damaged' : undefined
}
