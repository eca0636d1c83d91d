import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {quotePosix} from '../../src/remote-command/quote-posix.ts'
import {argvTask, ran, runFarSide} from '../support/far-side.ts'
import {HARD_WORDS, hardWord} from '../support/hard-words.ts'
import {LOGIN_SHELLS, SH_PATHS} from '../support/shells.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const PRINT = ['sh', '-c', 'printf "%s\\0" "$@"', 'sh']
/** Prints the variables V0, V1… and where it is, then its words. */
const PRINT_ALL = [
  'sh',
  '-c',
  'for n in $N; do eval "printf \'%s\\\\0\' \\"\\$V$n\\""; done; printf "%s\\0" "$PWD" "$@"',
  'sh',
]
const RUNS = {numRuns: process.env['RUNCODE_SOAK'] === undefined ? 5 : 200, endOnFailure: true}

const printed = (words: readonly string[]): string => words.map((one) => `${one}\0`).join('')
const named = (values: readonly string[]): readonly (readonly [string, string])[] => [
  ...values.map((value, at) => [`V${at}`, value] as const),
  ['N', values.map((_, at) => at).join(' ')],
]
/** What can be the name of a directory. */
const isName = (word: string): boolean =>
  word !== '' && word !== '.' && word !== '..' && !word.includes('/') && Buffer.byteLength(word) < 250

describe('every word arrives as it is', function () {
  this.timeout(60_000)
  const folder = temporaryFolder()
  const words = fc.array(hardWord, {minLength: 1, maxLength: 25})

  for (const {name, path: shell} of LOGIN_SHELLS) {
    it(`with ${name} for the login shell: arguments, values of variables, names of directories`, async () => {
      const check = async (argv: readonly string[], values: readonly string[], place: string): Promise<void> => {
        const directory = join(folder.path, place)
        mkdirSync(directory, {recursive: true})
        const task = argvTask([...PRINT_ALL, ...argv], {directory, variables: named(values)})
        const result = await runFarSide(task, {shell, home: folder.path})
        assert.deepEqual(result, ran(0, printed([...values, directory, ...argv])))
      }
      await check(HARD_WORDS, HARD_WORDS, HARD_WORDS.filter(isName).join('').slice(0, 60))
      await fc.assert(fc.asyncProperty(words, words, hardWord.filter(isName), check), RUNS)
    })

    it(`with ${name} for the login shell: the arguments of a program, its bytes, and a line`, async () => {
      const check = async (argv: readonly string[], text: string): Promise<void> => {
        const program = Buffer.from(`printf '%s\\0' ${quotePosix(text)} "$@"`)
        const script = argvTask([], {words: {kind: 'script', program, argv}})
        assert.deepEqual(await runFarSide(script, {shell, home: folder.path}), ran(0, printed([text, ...argv])))
        // A shell that prints what it is given stands for every language that a line can be in.
        const words = {kind: 'line', line: text} as const
        const task = argvTask([], {words, variables: [['V', text]]})
        const env = {SHELL: join(folder.path, 'shell')}
        assert.deepEqual(await runFarSide(task, {shell, home: folder.path, env}), ran(0, printed([text, '-c', text])))
      }
      writeFileSync(join(folder.path, 'shell'), '#!/bin/sh\nprintf "%s\\0" "$V" "$@"\n', {mode: 0o755})
      await check(HARD_WORDS, HARD_WORDS.join(' '))
      await fc.assert(fc.asyncProperty(words, hardWord, check), RUNS)
    })
  }

  for (const {name, path} of SH_PATHS) {
    it(`with ${name} for sh`, async () => {
      const check = async (argv: readonly string[]): Promise<void> =>
        assert.deepEqual(
          await runFarSide(argvTask([...PRINT, ...argv]), {shell: '/bin/sh', path, home: folder.path}),
          ran(0, printed(argv)),
        )
      await check(HARD_WORDS)
      await fc.assert(fc.asyncProperty(words, check), RUNS)
    })

    it(`with ${name} for sh: also a first word that looks like a variable or an option`, async () => {
      for (const first of ['a=b', '-l', '-c', '--', '-a=b']) {
        writeFileSync(join(folder.path, first), '#!/bin/sh\nprintf "%s\\0" "$V" "$@"\n', {mode: 0o755})
        for (const variables of [[], [['V', '1']]] as const) {
          const task = argvTask([first, 'x'], {variables})
          const result = await runFarSide(task, {shell: '/bin/sh', path: `${folder.path}:${path}`, home: folder.path})
          assert.deepEqual(result, ran(0, printed([variables.length === 0 ? '' : '1', 'x'])), first)
        }
      }
    })

    it(`with ${name} for sh: also the variables that a shell keeps for itself`, async () => {
      const variables = ['OPTIND', 'PPID', 'PWD', 'SHLVL', 'RANDOM', 'UID', '_', 'LINENO', 'IFS', 't', 'r'].map(
        (variable) => [variable, `a ${variable}=\n`] as const,
      )
      const task = argvTask(['env', '-0'], {variables})
      const {stdout, exitCode} = await runFarSide(task, {shell: '/bin/sh', path, home: folder.path})
      const got = stdout.toString().split('\0')
      assert.equal(exitCode, 0)
      assert.deepEqual(
        variables.filter(([variable, value]) => !got.includes(`${variable}=${value}`)),
        [],
      )
    })
  }

  it('the later of two values of a variable counts', async () => {
    const variables = [
      ['V', '1'],
      ['V', '2'],
    ] as const
    const task = argvTask(['sh', '-c', 'printf %s "$V"'], {variables})
    assert.deepEqual(await runFarSide(task, {shell: '/bin/sh', home: folder.path}), ran(0, '2'))
  })
})

describe('one word is a line of the login shell', () => {
  const folder = temporaryFolder()
  const LINES: Readonly<Record<string, readonly [string, string]>> = {
    sh: ['x=a; echo "$x" $((1 + 1))', 'a 2\n'],
    dash: ['x=a; echo "$x" $((1 + 1))', 'a 2\n'],
    bash: ['[[ a == a ]] && echo {1..3}', '1 2 3\n'],
    zsh: ['x=(a b); echo $x[2]', 'b\n'],
    fish: ['set x a b; for y in $x; echo (string upper $y); end', 'A\nB\n'],
    tcsh: ['set x = (a b); @ y = 1 + 1; echo $x[2] $y', 'b 2\n'],
    ksh: ['print -r -- $((2.5 * 2))', '5\n'],
    'busybox sh': ['[[ a == a ]] && echo yes', 'yes\n'],
  }
  for (const {name, path: shell} of LOGIN_SHELLS) {
    it(`of ${name}`, async () => {
      const [line = '', output] = LINES[name] ?? []
      const task = argvTask([], {words: {kind: 'line', line: `${line}; exit 3`}})
      assert.deepEqual(await runFarSide(task, {shell, home: folder.path}), ran(3, output))
    })
  }
})
