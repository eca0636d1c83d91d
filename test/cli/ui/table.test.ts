import assert from 'node:assert/strict'
import fc from 'fast-check'
import {table} from '../../../src/cli/ui/table.ts'

const columns = [
  {head: 'ID', cell: ([id]: readonly string[]) => id ?? ''},
  {head: 'NAME', cell: ([, name]: readonly string[]) => name ?? ''},
  {head: 'STATE', cell: ([, , state]: readonly string[]) => state ?? ''},
]
const show = (rows: readonly (readonly string[])[], isTerminal: boolean): string => table(rows, columns, {isTerminal})

describe('table()', () => {
  it('aligns columns under their heads for a terminal, and leaves no blanks at line ends', () => {
    assert.equal(
      show(
        [
          ['7', 'Payments API', 'running'],
          ['12345', 'x', ''],
        ],
        true,
      ),
      'ID     NAME          STATE\n7      Payments API  running\n12345  x\n',
    )
  })

  it('shows the heads alone on a terminal, and nothing in a pipe, where there are no rows', () => {
    assert.deepEqual([show([], true), show([], false)], ['ID  NAME  STATE\n', ''])
  })

  it('gives tab-separated values without heads in a pipe, empty ones too', () => {
    assert.equal(
      show(
        [
          ['7', 'a b', ''],
          ['8', '', 'x'],
        ],
        false,
      ),
      '7\ta b\t\n8\t\tx\n',
    )
  })

  it('counts what a terminal shows: wide characters twice, marks not at all', () => {
    assert.equal(
      show(
        [
          ['日本', 'a', '.'],
          ['e\u0301', 'b', '.'],
          ['🙂', 'c', '.'],
        ],
        true,
      ),
      'ID    NAME  STATE\n日本  a     .\ne\u0301     b     .\n🙂    c     .\n',
    )
  })

  it('lets no cell make a column, a row, or anything but text', () => {
    const cell = fc.oneof(
      fc.string({unit: 'binary'}),
      fc.constantFrom('a\tb', 'a\nb', '\u001b[2J', '\r', '\u2028', '\u202e'),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.boolean(), (rows, isTerminal) => {
        const text = show(rows, isTerminal)
        const lines = text.split('\n').slice(0, -1)
        assert.equal(lines.length, rows.length + (isTerminal ? 1 : 0))
        if (!isTerminal) for (const line of lines) assert.equal(line.split('\t').length, 3)
        assert.doesNotMatch(text, /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})
