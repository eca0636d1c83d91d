import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  BEGIN,
  bytesOf,
  DamagedBlockError,
  END,
  findBlock,
  withBlock,
  withoutBlock,
} from '../../src/user-ssh-config/block.ts'
import {configFiles} from './config-files.ts'

const RUNS = process.env['RUNCODE_SOAK'] ? 100_000 : 3000
const LINES = ['Host runcode.demo', '  User demo', '  IdentityFile "/home/zoë/$& $` $1 %%/id"', 'Host *']
const of = (text: string) => findBlock(text, '/home/me/.ssh/config')

describe('the managed block', () => {
  it('goes as it came: the bytes of any file are what they were', () => {
    fc.assert(
      fc.property(configFiles, (before) => {
        const after = withBlock(before, LINES)
        assert.equal(withoutBlock(after, of(after)), before)
        // As bytes, too, and not only as characters.
        assert.ok(Buffer.from(after, 'latin1').length > Buffer.from(before, 'latin1').length)
      }),
      {numRuns: RUNS},
    )
  })

  it('is the same the second time, and another one leaves no trace of it', () => {
    fc.assert(
      fc.property(configFiles, (before) => {
        const once = withBlock(before, LINES)
        assert.equal(withBlock(withoutBlock(once, of(once)), LINES), once)
        const other = withBlock(withoutBlock(once, of(once)), ['Host *'])
        assert.equal(withoutBlock(other, of(other)), before)
      }),
      {numRuns: RUNS},
    )
  })

  it('is first in the file, behind nothing but a byte order mark, and its lines end as those of the file', () => {
    fc.assert(
      fc.property(configFiles, (before) => {
        const after = withBlock(before, LINES)
        const bom = before.startsWith(bytesOf('\uFEFF')) ? bytesOf('\uFEFF') : ''
        const eol = /^[^\n]*\r\n/.test(before) ? '\r\n' : '\n'
        const block = [BEGIN, ...LINES, END].map((line) => bytesOf(line) + eol).join('')
        assert.equal(after, bom + block + before.slice(bom.length))
        assert.deepEqual(of(after)?.lines, LINES.map(bytesOf))
      }),
      {numRuns: RUNS},
    )
  })

  it('is found where it was moved to, and in whatever way its lines end', () => {
    for (const [text, rest] of [
      [`Host a\n${BEGIN}\nHost *\n${END}\nHost b\n`, 'Host a\nHost b\n'],
      [`Host a\r\n${BEGIN}\r\nHost *\r\n${END}\r\nHost b`, 'Host a\r\nHost b'],
      [`Host a\n${BEGIN}\nHost *\n${END}`, 'Host a\n'],
      [`${BEGIN}  \nHost *\n${END}\t\n`, ''],
      [`${BEGIN}\n${END}\n`, ''],
    ] as const) {
      assert.equal(withoutBlock(text, of(text)), rest)
    }
  })

  it('is not there where a file only speaks of it', () => {
    const text =
      '# The runcode managed block goes above.\nHost a # >>> runcode managed block\n  User runcode managed block\n'
    assert.equal(of(text), undefined)
  })

  const damaged: Readonly<Record<string, readonly [text: string, lines: readonly number[]]>> = {
    'does not end': [`Host a\n${BEGIN}\nHost b\n`, [2]],
    'ends before it begins': [`${END}\nHost a\n${BEGIN}\n`, [1, 3]],
    'ends without a beginning': [`Host a\n\n${END}\n`, [3]],
    'is there twice': [`${BEGIN}\n${END}\nHost a\n${BEGIN}\n${END}\n`, [1, 2, 4, 5]],
    'begins twice': [`${BEGIN}\n${BEGIN}\nHost a\n${END}\n`, [1, 2, 4]],
    'ends twice': [`${BEGIN}\nHost a\n${END}\n\n${END}\n`, [1, 3, 5]],
    'has an indented marker': [`  ${BEGIN}\nHost a\n${END}\n`, [1, 3]],
    'has a marker with other words': [`${BEGIN}\nHost a\n# <<< RunCode managed block\n`, [1, 3]],
    'has a marker that lost its sign': [`${BEGIN.slice(2)}\n${END}\n`, [1, 2]],
    'has a marker at the end of a file without a line end': [`${BEGIN}\nHost a\n${BEGIN}`, [1, 3]],
  }
  for (const [what, [text, lines]] of Object.entries(damaged)) {
    it(`is refused, with the numbers of the lines, where it ${what}`, () => {
      assert.throws(
        () => of(text),
        (error) => {
          assert.ok(error instanceof DamagedBlockError)
          assert.deepEqual(error.facts, {path: '/home/me/.ssh/config', lines})
          return true
        },
      )
    })
  }

  it('is found in ten megabytes in no time', () => {
    const big = `# ${'x'.repeat(1000)}\r\nHost host-%n\n\tUser "me"\n`.repeat(10_000)
    const startMs = performance.now()
    const after = withBlock(big, LINES)
    assert.equal(withoutBlock(after, of(after)), big)
    assert.ok(performance.now() - startMs < 1000)
  })
})
