import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Readable} from 'node:stream'
import {createProcessRuntime} from '../../../src/server/runtime/process-runtime/process-runtime.ts'
import type {ExecRequest, Runtime, RuntimeProcess} from '../../../src/server/runtime/runtime.ts'
import {isRunning, until} from '../gateway/gateway-fixture.ts'

const REED = {id: 1, title: 'reed'}
const FERN = {id: 2, title: 'fern'}

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

const readlinkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

describe('the process runtime', () => {
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

  it('makes a private folder with home, project and temporary folder, and can do so twice', async () => {
    await runtime.start(REED)
    assert.equal(statSync(join(folder, 'reed')).mode & 0o777, 0o700)
    assert.equal(runtime.workdir(REED), join(folder, 'reed/home/workspace'))
    assert.deepEqual(readdirSync(join(folder, 'reed')).sort(), ['home', 'tmp'])
  })

  it('starts again where the user of a workspace has opened its home to others', async () => {
    chmodSync(join(folder, 'reed/home'), 0o755)
    await runtime.start(REED)
  })

  it('refuses a folder that is a link, or open to others', async () => {
    mkdirSync(join(folder, 'elsewhere'), {mode: 0o700})
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'link'))
    mkdirSync(join(folder, 'open'))
    chmodSync(join(folder, 'open'), 0o755)
    await assert.rejects(runtime.start({id: 3, title: 'link'}), {code: 'unsafe_folder'})
    await assert.rejects(runtime.start({id: 3, title: 'open'}), {code: 'unsafe_folder'})
  })

  for (const title of ['', '..', 'a/b', 'A', 'a b', 'a\0', 'a\n', 'x'.repeat(65)]) {
    it(`refuses the title ${JSON.stringify(title.slice(0, 10))} everywhere`, async () => {
      const workspace = {id: 3, title}
      await assert.rejects(runtime.start(workspace), {code: 'bad_request'})
      await assert.rejects(runtime.remove(workspace), {code: 'bad_request'})
      const ending = await runtime.exec(workspace, {command: 'true', pty: undefined, env: {}}).ended
      assert.equal(ending.kind, 'unstartable')
    })
  }

  it('says that a workspace does not start whose shell does not run', async () => {
    const broken = createProcessRuntime({folder, env: {...env, SHELL: '/bin/false'}})
    await assert.rejects(broken.start(REED), {code: 'start_failed'})
  })

  it('takes /bin/sh for a shell that is no program', async () => {
    for (const SHELL of ['sh', '/no/such/shell', '/etc/passwd', '/']) {
      const process = createProcessRuntime({folder, env: {...env, SHELL}}).exec(REED, {
        command: 'echo $SHELL',
        pty: undefined,
        env: {},
      })
      assert.equal((await outcomeOf(process))[0], '/bin/sh\n')
    }
  })

  it('stops a daemon that left its group and session, and nothing of another workspace', async () => {
    const daemon = `setsid sh -c 'trap "" TERM; setsid sleep 300 & echo $$ $!; wait' 2>/dev/null </dev/null`
    const process = exec(`nohup ${daemon} & exit 0`)
    const pids = (await firstLine(process.stdout)).split(' ').map(Number)
    const other = runtime.exec(FERN, {command: 'echo $$; exec sleep 300', pty: undefined, env: {}})
    const otherPid = Number(await firstLine(other.stdout))
    assert.deepEqual([...pids, otherPid].map(isRunning), [true, true, true])
    await runtime.stop(REED)
    assert.deepEqual([...pids, otherPid].map(isRunning), [false, false, true])
  })

  it('runs commands again after one that removed its home', async () => {
    await outcomeOf(exec('cd / && rm -rf "$HOME"'))
    assert.deepEqual((await outcomeOf(exec('pwd')))[0], `${join(folder, 'reed/home')}\n`)
  })

  it('stops what has emptied its environment and left its session, and ignores TERM, while its parent is there', async () => {
    const hidden = `env -i /usr/bin/setsid /bin/sh -c 'trap "" TERM; /bin/sleep 300 & echo $$ $!; wait'`
    const process = exec(`${hidden} & wait`)
    const pids = (await firstLine(process.stdout)).split(' ').map(Number)
    assert.deepEqual(pids.map(isRunning), [true, true])
    await runtime.stop(REED)
    assert.deepEqual(pids.map(isRunning), [false, false])
  })

  it('stops a workspace whose output nobody reads', async () => {
    const process = exec('exec yes')
    await until('it has written', () => process.stdout.readableLength > 0 || process.stdout.read(0) !== undefined)
    await runtime.stop(REED)
    assert.deepEqual(await process.ended, {kind: 'signalled', signal: 'SIGTERM'})
  })

  it('keeps no pipes ready when nothing runs any more', async () => {
    const pipes = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => readlinkOf(`/proc/self/fd/${fd}`).startsWith(join(folder, '.pipes')))
        .length
    await outcomeOf(exec('true'))
    assert.equal(pipes() > 0, true)
    await runtime.stop(REED)
    assert.deepEqual([pipes(), readdirSync(join(folder, '.pipes'))], [0, []])
  })

  it('keeps the files at a stop and deletes them at a removal, twice without complaint', async () => {
    await outcomeOf(exec('echo kept > workspace/file; mkdir -p locked/in; chmod 555 locked'))
    await runtime.stop(REED)
    assert.equal(existsSync(join(folder, 'reed/home/workspace/file')), true)
    await runtime.remove(REED)
    await runtime.remove(REED)
    assert.equal(existsSync(join(folder, 'reed')), false)
  })

  it('cannot start a command in a workspace that was never started', async () => {
    const ending = await runtime.exec({id: 9, title: 'never'}, {command: 'true', pty: undefined, env: {}}).ended
    assert.equal(ending.kind, 'unstartable')
  })
})
