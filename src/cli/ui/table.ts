import {printable} from '../../core/printable.ts'

/** A column: its head, and the text of a row in it. */
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
}

/** Rows as aligned columns for a terminal, or as tab-separated values without a head for a pipe. Made printable. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  {isTerminal}: {isTerminal: boolean},
): string {
  const cells = rows.map((row) => columns.map(({cell}) => printable(cell(row))))
  if (!isTerminal) return cells.map((line) => `${line.join('\t')}\n`).join('')
  const all = [columns.map(({head}) => head), ...cells]
  const widths = columns.map((_, at) => Math.max(...all.map((line) => widthOf(line[at] ?? ''))))
  return all
    .map(
      (line) =>
        `${line
          .map((text, at) => text + ' '.repeat((widths[at] ?? 0) - widthOf(text)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

let segmenter: Intl.Segmenter | undefined
/** Node takes some ms to make one, and most output has no table. */
const segmentsOf = (text: string): Intl.Segments => {
  segmenter ??= new Intl.Segmenter(undefined, {granularity: 'grapheme'})
  return segmenter.segment(text)
}

/** Columns that a text takes on a terminal: a grapheme is one, an East Asian wide one or an emoji two. */
const widthOf = (text: string): number =>
  [...segmentsOf(text)].reduce(
    (width, {segment}) =>
      width +
      (/\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        segment,
      )
        ? 2
        : 1),
    0,
  )
