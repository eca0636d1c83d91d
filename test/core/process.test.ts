import assert from 'node:assert/strict'
import {once} from 'node:events'
import {existsSync, readFileSync, statSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {childEnvironment, run, startDetached} from '../../src/core/process.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const env = {PATH: process.env['PATH']}
const sh = (script: string, options = {}) => run('sh', ['-c', script], {env, ...options})

describe('run()', () => {
  it('gives the status and both streams', async () => {
    assert.deepEqual(await sh('printf out; printf err >&2; exit 7'), {
      ending: {kind: 'exited', code: 7},
      stdout: 'out',
      stderr: 'err',
      timedOut: false,
    })
  })

  it('never reports a killed child as success', async () => {
    assert.deepEqual((await sh('kill -9 $$')).ending, {kind: 'signalled', signal: 'SIGKILL'})
  })

  it('says of a missing program, and of one that is no program, that it could not be started', async () => {
    for (const program of ['/nowhere/program', '/']) {
      const {ending, stdout, stderr} = await run(program, [], {env})
      assert.deepEqual([ending.kind, stdout, stderr], ['unstartable', '', ''])
    }
  })

  it('gives every word as it is, with no shell between', async () => {
    const words = ['a b', '$HOME', '*', '', "'", 'ü\n']
    const {stdout} = await run(
      process.execPath,
      ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words],
      {env},
    )
    assert.deepEqual(JSON.parse(stdout), words)
  })

  it('throws for words that no process can be given', async () => {
    await assert.rejects(run('sh', ['-c', ':', 'x'.repeat(4 << 20)], {env}), {code: 'E2BIG'})
    await assert.rejects(run('sh', ['-c', ':', 'a\0b'], {env}), {code: 'ERR_INVALID_ARG_VALUE'})
  })

  it('gives stdin its input, and an end at once where there is none', async () => {
    assert.equal((await sh('cat', {input: 'ünïx'})).stdout, 'ünïx')
    assert.equal((await sh('cat; echo end')).stdout, 'end\n')
  })

  it('does not mind a child that never reads its input', async () => {
    assert.deepEqual((await sh('exit 3', {input: 'x'.repeat(1 << 20)})).ending, {kind: 'exited', code: 3})
  })

  it('kills at the end of its time, and says so', async () => {
    const {ending, timedOut, stdout} = await sh('echo begun; exec sleep 60', {timeoutMs: 300})
    assert.deepEqual(
      {ending, timedOut, stdout},
      {
        ending: {kind: 'signalled', signal: 'SIGKILL'},
        timedOut: true,
        stdout: 'begun\n',
      },
    )
  })

  it('ends in time even where a grandchild holds the streams open', async () => {
    const startMs = performance.now()
    const {timedOut, stdout} = await sh('sleep 20 & echo $!; exit 0', {timeoutMs: 300})
    process.kill(Number(stdout), 'SIGKILL')
    assert.equal(timedOut, true)
    assert.ok(performance.now() - startMs < 10_000)
  })

  it('ends at once when its signal aborts, also where a child of the child holds the pipes', async () => {
    const began = Date.now()
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    await sh('sleep 5 & wait', {signal: controller.signal})
    assert.ok(Date.now() - began < 2000)
  })

  it('kills when its signal aborts, also where that was before the start', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    const killed = {kind: 'signalled', signal: 'SIGKILL'}
    assert.deepEqual((await sh('exec sleep 60', {signal: controller.signal})).ending, killed)
    assert.notDeepEqual((await sh('exec sleep 60', {signal: AbortSignal.abort()})).ending, {kind: 'exited', code: 0})
  })

  it('keeps each stream up to its limit and reads the rest, so that the child can end', async () => {
    const script = 'i=0; while [ $i -lt 3000 ]; do printf 0123456789012345678901234567890123456789; i=$((i+1)); done'
    const {ending, stdout} = await sh(script, {limitBytes: 25})
    assert.deepEqual([ending, stdout], [{kind: 'exited', code: 0}, '0123456789012345678901234'])
  })

  it('hands on the given environment, without our token and without the channel of Node', async () => {
    const given = {...env, RUNCODE_TOKEN: 'secret', NODE_CHANNEL_FD: '3', RUNCODE_PROFILE: 'work'}
    const {stdout} = await run('env', [], {env: given})
    const names = stdout.split('\n').map((line) => line.split('=')[0])
    assert.deepEqual(
      names.filter((name) => /RUNCODE|NODE|HOME/.test(name ?? '')),
      ['RUNCODE_PROFILE'],
    )
    assert.deepEqual(childEnvironment(given), {...env, RUNCODE_PROFILE: 'work'})
    assert.equal(given.RUNCODE_TOKEN, 'secret')
  })
})

describe('startDetached()', () => {
  const folder = temporaryFolder()

  it('starts a leader of a session of its own, its words going to a private log', async () => {
    const logFile = join(folder.path, 'log')
    const {ending, pid} = startDetached(
      'sh',
      ['-c', 'echo out; echo err >&2; cut -d " " -f 6 /proc/$$/stat || ps -o sid= -p $$'],
      {
        env: {...env, RUNCODE_TOKEN: 'secret'},
        cwd: folder.path,
        logFile,
      },
    )
    assert.deepEqual(await ending, {kind: 'exited', code: 0})
    const [out, err, session] = readFileSync(logFile, 'utf8').trim().split('\n')
    assert.deepEqual([out, err, Number(session)], ['out', 'err', pid])
    assert.equal(statSync(logFile).mode & 0o777, 0o600)
  })

  it('can be left behind: its starter ends, and it goes on', async () => {
    const program = `
      const {startDetached} = await import(${JSON.stringify(new URL('../../src/core/process.ts', import.meta.url).href)})
      startDetached('sh', ['-c', 'sleep 1; echo done'], {env: process.env, cwd: '/', logFile: 'log'}).release()`
    const {ending} = await run(
      process.execPath,
      [
        '--import',
        pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
        '--input-type=module',
        '-e',
        `process.chdir(${JSON.stringify(folder.path)});${program}`,
      ],
      {env, timeoutMs: 15_000},
    )
    assert.deepEqual(ending, {kind: 'exited', code: 0})
    assert.equal(readFileSync(join(folder.path, 'log'), 'utf8'), '')
    for (let tries = 0; tries < 200 && readFileSync(join(folder.path, 'log'), 'utf8') === ''; tries += 1)
      await once(AbortSignal.timeout(25), 'abort')
    assert.equal(readFileSync(join(folder.path, 'log'), 'utf8'), 'done\n')
  })

  it('says of a missing program that it could not be started', async () => {
    const logFile = join(folder.path, 'log')
    const {ending, pid} = startDetached('/nowhere/program', [], {env, cwd: folder.path, logFile})
    assert.deepEqual([(await ending).kind, pid, existsSync(logFile)], ['unstartable', undefined, true])
  })
})
