import assert from 'node:assert/strict'
import {accessSync, constants} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {run} from '../../src/core/process.ts'
import {encodeLine} from '../../src/remote-command/encode-line.ts'
import {quotePosix} from '../../src/remote-command/quote-posix.ts'

const env = {PATH: process.env['PATH'], LC_ALL: 'C.UTF-8'}

const isInstalled = (shell: string): boolean =>
  (env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, shell), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** Every login shell that people have; sh and dash are on every machine that runs these tests, the others count where they are. */
const LOGIN_SHELLS = ['sh', 'dash', ...['bash', 'zsh', 'fish', 'tcsh', 'ksh'].filter(isInstalled)]
const POSIX_SHELLS = LOGIN_SHELLS.filter((shell) => shell !== 'fish' && shell !== 'tcsh')

/** Words that a shell would like to understand. */
const WORDS = [
  ...[
    '',
    ' ',
    "'",
    '"',
    '\\',
    "\\'",
    '$HOME',
    '$(id)',
    '`id`',
    '!',
    '!!',
    '*',
    '?',
    '[a]',
    '{a,b}',
    '~',
    '#',
    '%s',
    '%%',
    '-n',
    '-',
  ],
  ...[
    '\n',
    'a\nb\n',
    '\t',
    '\r',
    '\u0001',
    '\u007f',
    '\u001e',
    '&',
    ';',
    '|',
    '<',
    '>',
    '(',
    ')',
    '=',
    'a=b',
    '\\0101',
    '0',
    '7\\n',
  ],
  ...['ünïcödé', '日本', '🙂', 'a'.repeat(500)],
]
const word = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.string({unit: 'binary'}).map((text) => text.replaceAll(/[\0\p{Cs}]/gu, '')),
)

/** What printf prints for words, each behind a zero byte in its place. */
const expected = (words: readonly string[]): string => words.map((one) => `${one}\0`).join('')

for (const shell of POSIX_SHELLS) {
  it(`quotePosix() gives every word exactly, through ${shell}`, async () => {
    const check = async (words: readonly string[]): Promise<void> => {
      const {stdout} = await run(shell, ['-c', `printf '%s\\0' ${words.map(quotePosix).join(' ')}`], {env})
      assert.equal(stdout, expected(words))
    }
    await check(WORDS)
    await fc.assert(fc.asyncProperty(fc.array(word, {minLength: 1, maxLength: 20}), check), {numRuns: 60})
  })
}

for (const shell of LOGIN_SHELLS) {
  it(`encodeLine() gives a program exactly, with ${shell} for the login shell`, async () => {
    const check = async (words: readonly string[]): Promise<void> => {
      const program = `printf '%s\\0' ${words.map(quotePosix).join(' ')}\nexit 7`
      const {ending, stdout, stderr} = await run(shell, ['-c', encodeLine(program)], {env})
      assert.deepEqual(
        {ending, stdout, stderr},
        {ending: {kind: 'exited', code: 7}, stdout: expected(words), stderr: ''},
      )
    }
    await check(WORDS)
    await fc.assert(fc.asyncProperty(fc.array(word, {minLength: 1, maxLength: 20}), check), {numRuns: 60})
  })
}

it('encodeLine() gives one line of plain characters for any program', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary'}), (program) => {
      const [, encoded = ''] = encodeLine(program).split(" sh '")
      assert.match(encoded, /^(?:[A-Za-z0-9 _./:=,@%+-]|\\0[0-7]{3})*'$/)
      assert.match(encodeLine(program), /^[ -~]*$/)
    }),
  )
})
