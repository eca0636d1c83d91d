import assert from 'node:assert/strict'
import {copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {endingOf} from '../../src/core/process.ts'
import {interpreterOf} from '../../src/remote-command/script-interpreter.ts'
import {argvTask, ran, runFarSide, startFarSide} from '../support/far-side.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'
import {until} from '../support/until.ts'

describe('interpreterOf()', () => {
  for (const [text, words] of [
    ['#!/bin/sh\n', ['/bin/sh']],
    ['#! /usr/bin/env  -S python3 -u \t\nx', ['/usr/bin/env', '-S python3 -u']],
    ['#!/bin/sh', ['/bin/sh']],
    ['#!/bin/sh\r\n', ['/bin/sh\r']],
    ['echo', ['sh']],
    ['#!\n', ['sh']],
    ['', ['sh']],
    ['\u007fELF\0', []],
  ] as const)
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(interpreterOf(Buffer.from(text)), words))
})

describe('a program that is sent along', function () {
  this.timeout(30_000)
  // Before that of the folder, which removes it.
  afterEach(() => assert.deepEqual(left(), [], 'no file is left'))
  const folder = temporaryFolder()
  const temporary = (): string => join(folder.path, 'temporary files')
  const task = (program: string | Buffer, argv: readonly string[] = [], isLogin = false) =>
    argvTask([], {words: {kind: 'script', program: Buffer.from(program), argv}, isLogin})
  const surroundings = () => ({shell: '/bin/sh', home: folder.path, env: {TMPDIR: temporary(), t: 'mine'}})
  const left = (): readonly string[] => readdirSync(temporary())

  beforeEach(() => mkdirSync(temporary()))

  it('runs by sh, or by what its first line names, with its arguments and without stdin', async () => {
    const text = 'printf "%s," "$@"; cat; exit 3'
    assert.deepEqual(await runFarSide(task(text, ['a b', '-n']), surroundings()), ran(3, 'a b,-n,'))
    const bash = task(`#!/bin/bash -u\n[[ a == a ]] && ${text}`, ['x'])
    assert.deepEqual(await runFarSide(bash, surroundings()), ran(3, 'x,'))
    const login = task(text, ['a b'], true)
    assert.deepEqual(await runFarSide(login, surroundings()), ran(3, 'a b,'))
  })

  it('may be a binary, is kept for nobody else, and sees the environment as it was', async () => {
    const result = await runFarSide(task(readFileSync('/bin/echo'), ['hello']), surroundings())
    assert.deepEqual(result, ran(0, 'hello\n'))
    const {stdout} = await runFarSide(task('stat -c %a "$0"; echo $t'), surroundings())
    assert.equal(stdout.toString(), '700\n\n')
  })

  it('arrives byte for byte, empty or 10 MB long', async () => {
    assert.deepEqual(await runFarSide(task(''), surroundings()), ran(0))
    const bytes = Buffer.alloc(10_000_000, Buffer.from(Array.from({length: 251}, (_, at) => at)))
    const program = Buffer.concat([Buffer.from('#!/bin/sh\nexec cat "$0"\n'), bytes])
    const {stdout} = await runFarSide(task(program), surroundings())
    assert.ok(stdout.equals(program))
  })

  it('never runs where a part of it is missing', async () => {
    const program = `touch ${folder.path}/ran\n`.repeat(1000)
    for (const length of [0, 1, 100, program.length - 1]) {
      const result = await runFarSide(task(program), {...surroundings(), input: program.slice(0, length)})
      assert.deepEqual([result.missing, result.hasBegun, result.own], ['program', false, 125])
    }
    assert.ok(!readdirSync(folder.path).includes('ran'))
  })

  it('does not run where it cannot be kept', async () => {
    const env = {TMPDIR: join(folder.path, 'none')}
    const {missing, hasBegun} = await runFarSide(task('echo ran'), {...surroundings(), env})
    assert.deepEqual([missing, hasBegun], ['program', false])
    copyFileSync('/bin/sh', join(folder.path, 'sh'))
    const poor = await runFarSide(task('echo ran'), {...surroundings(), path: folder.path})
    assert.deepEqual([poor.missing, poor.hasBegun], ['program', false], 'without mktemp')
  })

  it('leaves no file where its channel goes while it is sent', async () => {
    const program = 'sleep 5\n'.repeat(5)
    const child = startFarSide(task(program), surroundings())
    child.stdin?.write(program.slice(0, 10))
    await until(
      () => left().length === 1,
      () => 'no file',
    )
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
    await endingOf(child)
    await until(
      () => left().length === 0,
      () => 'the file is there',
    )
  })

  it('leaves no file where it signals its group', async () => {
    const {exitCode, signal} = await runFarSide(task('kill 0'), surroundings())
    assert.deepEqual([exitCode, signal], [143, 'TERM'])
  })
})

describe('the directory of a command', () => {
  const folder = temporaryFolder()
  const pwd = (directory: string | undefined, env: Record<string, string> = {}) =>
    runFarSide(argvTask(['pwd'], {directory}), {shell: '/bin/sh', home: folder.path, env})

  it('is below HOME where it is relative, whatever it is called and CDPATH says', async () => {
    for (const name of ['-', '-P', '-x', '--', '~', 'x y', '$HOME', '..x']) {
      mkdirSync(join(folder.path, name))
      mkdirSync(join(folder.path, 'else', name), {recursive: true})
      const env = {CDPATH: join(folder.path, 'else'), OLDPWD: '/'}
      assert.deepEqual(await pwd(name, env), ran(0, `${join(folder.path, name)}\n`), name)
    }
    assert.deepEqual(await pwd('', {CDPATH: '/'}), ran(0, `${folder.path}\n`))
    assert.deepEqual(await pwd(undefined), ran(0, `${folder.path}\n`))
  })

  it('is where nothing runs when it is missing, a file, or closed to us', async () => {
    writeFileSync(join(folder.path, 'file'), '')
    mkdirSync(join(folder.path, 'closed'), {mode: 0o600})
    const isRoot = process.geteuid?.() === 0
    for (const name of ['none', 'file', ...(isRoot ? [] : ['closed'])]) {
      const {missing, hasBegun, own} = await pwd(join(folder.path, name))
      assert.deepEqual([missing, hasBegun, own], ['directory', false, 125], name)
    }
  })

  it('and the values of variables are refused where no command line can carry them', async () => {
    for (const bad of ['a\0b', 'a\u{fffd}b', 'a\ud800']) {
      const wanted = {name: 'UncarriableValueError', code: 'usage'}
      await assert.rejects(pwd(bad), wanted)
      const task = argvTask(['true'], {variables: [['V', bad]]})
      await assert.rejects(runFarSide(task, {shell: '/bin/sh', home: folder.path}), {...wanted, message: /value of V /})
    }
  })
})
