import assert from 'node:assert/strict'
import {execSync} from 'node:child_process'
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir, userInfo} from 'node:os'
import {join} from 'node:path'
import type {Readable} from 'node:stream'
import {createProcessRuntime} from '../../../src/server/runtime/process-runtime/process-runtime.ts'
import type {ExecRequest, Runtime, RuntimeProcess} from '../../../src/server/runtime/runtime.ts'
import {isRunning, until} from '../gateway/gateway-fixture.ts'

const REED = {id: 1, title: 'reed'}
const FERN = {id: 2, title: 'fern'}
const PTY = {term: 'vt100', columns: 90, rows: 30}

const textOf = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}
const firstLine = async (stream: Readable): Promise<string> => {
  let text = ''
  return await new Promise((resolve) => {
    stream.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')).trim())
    })
  })
}

describe('a process of the process runtime', () => {
  let folder: string
  let runtime: Runtime
  const env = {
    PATH: process.env['PATH'],
    SHELL: '/bin/sh',
    TZ: 'UTC',
    SECRET: 'x',
    SSH_AUTH_SOCK: '/x',
    RUNCODE_TOKEN: 'x',
  }
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'runtime-'))
    runtime = createProcessRuntime({folder, env})
    await runtime.start(REED)
    await runtime.start(FERN)
  })
  afterEach(async () => {
    await runtime.remove(REED)
    await runtime.remove(FERN)
    rmSync(folder, {recursive: true, force: true})
  })

  const exec = (command: string | undefined, more: Partial<ExecRequest> = {}): RuntimeProcess =>
    runtime.exec(REED, {command, pty: undefined, env: {}, ...more})
  const outcomeOf = async (process: RuntimeProcess): Promise<unknown[]> => {
    const [stdout, stderr] = await Promise.all([textOf(process.stdout), textOf(process.stderr)])
    return [stdout, stderr, await process.ended]
  }

  for (const [how, pty] of [
    ['pipes', undefined],
    ['a terminal', PTY],
  ] as const) {
    it(`gives a command on ${how} an environment that is built, not inherited`, async () => {
      const [text] = await outcomeOf(exec(`tr '\\0' '\\n' < /proc/$$/environ`, {pty, env: {LANG: 'C', HOME: '/x'}}))
      const home = join(folder, 'reed/home')
      const user = userInfo().username
      const expected = [
        `HOME=${home}`,
        'LANG=C',
        `LOGNAME=${user}`,
        `PATH=${env.PATH}`,
        'RUNCODE_WORKSPACE=reed',
        'RUNCODE_WORKSPACE_ID=1',
        `RUNCODE_WORKSPACE_ROOT=${join(folder, 'reed')}`,
        'SHELL=/bin/sh',
        `TMPDIR=${join(folder, 'reed/tmp')}`,
        'TZ=UTC',
        `USER=${user}`,
        ...(pty === undefined ? [] : [`PWD=${home}`, 'TERM=vt100']),
      ]
      assert.deepEqual(String(text).trim().split(/\r?\n/).sort(), expected.sort())
    })

    it(`reports an exit and a signal of a command on ${how}`, async () => {
      assert.deepEqual(await outcomeOf(exec('exit 3', {pty})), ['', '', {kind: 'exited', code: 3}])
      assert.deepEqual(await outcomeOf(exec('kill -KILL $$', {pty})), ['', '', {kind: 'signalled', signal: 'SIGKILL'}])
    })

    it(`calls a command with a NUL in it unstartable on ${how}, or cuts it as the system does`, async () => {
      const [, , ending] = await outcomeOf(exec('exit 4\0', {pty}))
      if (pty === undefined) assert.equal((ending as {kind: string}).kind, 'unstartable')
      else assert.deepEqual(ending, {kind: 'exited', code: 4})
    })

    it(`ends a whole group on ${how}, also one that ignores TERM`, async () => {
      const process = exec(`trap '' TERM HUP; sleep 300 & echo $$ $!; wait`, {pty})
      const pids = (await firstLine(process.stdout)).split(' ').map(Number)
      assert.deepEqual(pids.map(isRunning), [true, true])
      process.end()
      process.stdout.destroy()
      process.stderr.destroy()
      await process.ended
      assert.deepEqual(pids.map(isRunning), [false, false])
    })

    for (const lateMs of [0, 150, 600]) {
      it(`loses nothing that a command on ${how} wrote just before it ended, to a reader ${lateMs} ms late`, async () => {
        const expected = Array.from({length: 8000}, (_, i) => `${i + 1}${pty ? '\r' : ''}\n`).join('')
        for (let round = 0; round < 5; round += 1) {
          const process = exec('seq 1 8000', {pty})
          await new Promise((resolve) => setTimeout(resolve, lateMs))
          assert.equal((await outcomeOf(process))[0], expected)
        }
      })
    }
  }

  it('is not held up by input that nobody reads on a terminal', async () => {
    const process = exec('stty raw -echo; echo ready; exec sleep 300', {pty: PTY})
    await firstLine(process.stdout)
    process.stdin.write(Buffer.alloc(1 << 20, 'x'))
    const start = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(performance.now() - start < 2000, true)
    process.end()
    process.stdin.destroy()
    await process.ended
  })

  it('gives the bytes of stdin to a terminal, all of them', async () => {
    const process = exec('stty raw -echo; echo ready; head -c 300000 | cksum', {pty: PTY})
    let text = ''
    process.stdout.on('data', (chunk) => {
      text += chunk
    })
    await until('it is ready', () => text.includes('ready'))
    process.stdin.write(Buffer.alloc(300_000, 0xfe))
    await process.ended
    const expected = execSync('cksum', {input: Buffer.alloc(300_000, 0xfe)})
      .toString()
      .trim()
    assert.equal(text.replace('ready', '').trim(), expected)
  })

  it('holds back a command on a terminal whose output nobody reads', async () => {
    const process = exec('echo $$ > pid; exec yes', {pty: PTY})
    const home = join(folder, 'reed/home')
    await until('yes runs', () => existsSync(join(home, 'pid')) && readFileSync(join(home, 'pid'), 'utf8') !== '')
    const pid = readFileSync(join(home, 'pid'), 'utf8').trim()
    const writtenBytes = (): number => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
    let before = -1
    await until('it writes no more', async () => {
      before = writtenBytes()
      await new Promise((resolve) => setTimeout(resolve, 500))
      return writtenBytes() === before
    })
    assert.equal(before < 1 << 20, true, `it wrote ${before} bytes`)
    process.end()
    process.stdout.destroy()
    await process.ended
  })
})
