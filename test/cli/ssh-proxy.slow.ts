import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, readdirSync, readFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {readCurrentSession} from '../../src/session/session-store.ts'
import {type ProxiedStage, startProxiedStage} from '../support/proxied-stage.ts'
import {type Run, startRuncode} from '../support/runcode.ts'
import {needSshd} from '../support/sshd-workspace.ts'
import {temporaryHome} from '../support/temporary-home.ts'

const PASSWORD = 'pa$s s-word'

describe('an ssh_proxy in the profile', function () {
  this.timeout(120_000)
  let stage: ProxiedStage

  before(async function () {
    needSshd(this)
    stage = (await startProxiedStage()) as ProxiedStage
  })
  beforeEach(() => stage.reset())
  after(() => stage?.stop())

  const succeeds = async (...words: readonly string[]): Promise<Run> => {
    const run = await stage.run(words)
    assert.equal(run.status, 0, run.stderr)
    return run
  }
  const connected = async (): Promise<{config: string; command: readonly string[]}> =>
    JSON.parse((await succeeds('connect', 'calm-reed', '--json')).stdout)
  /** What an exec that fails to connect says of it. */
  const told = async (): Promise<string> => {
    const {status, stdout} = await stage.run(['exec', '--json', '--', 'true'])
    const {error, message} = JSON.parse(stdout)
    assert.deepEqual([status, error], [125, 'connection_failed'])
    return message.replaceAll(/:\d{4,5}/g, ':<port>')
  }

  it('counts for the next connection of a pass of before, and connect makes a config with it', async () => {
    stage.name(undefined)
    const before = await connected()
    await stage.endMaster()
    stage.name(stage.tunnel.url)
    const mints = stage.mints()
    const own = await stage.during(async () => {
      await succeeds('exec', '--', 'true')
      await stage.settle('master')
    })
    assert.deepEqual([own.proxied, own.direct, stage.mints()], [2, 0, mints])
    const after = await connected()
    assert.equal(stage.mints(), mints + 1)
    const options = (file: string): string =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => /Proxy/.test(line))
        .join('\n')
    assert.equal(options(before.config), '')
    assert.match(options(after.config), /^ {2}ProxyCommand .* proxy --gateway fake %h %p\n {2}ProxyUseFdpass yes$/)
    await stage.endMaster()
    stage.name(undefined)
    const byHand = await stage.during(() => stage.tool('ssh', [...after.command.slice(1), 'true']))
    const exec = await stage.during(() => succeeds('exec', '--', 'true'))
    assert.deepEqual([byHand.proxied, byHand.direct, exec.proxied, exec.direct > 0], [0, 1, 0, true])
    assert.equal(options((await connected()).config), '')
  })

  it('is the only one that counts: HTTPS_PROXY is not for SSH', async () => {
    stage.name(undefined)
    await connected()
    await stage.endMaster()
    const env = {HTTPS_PROXY: stage.tunnel.url, https_proxy: stage.tunnel.url, ALL_PROXY: stage.tunnel.url}
    const {proxied, direct, result} = await stage.during(() => stage.run(['exec', '--', 'true'], env))
    assert.deepEqual([proxied, direct > 0, result.status, stage.tunnel.asked], [0, true, 0, []])
  })

  it('shows its password in no command line, no environment, no file of ours, and nothing that it says', async () => {
    const {tunnel} = stage
    const encoded = encodeURIComponent(PASSWORD)
    const shown: string[] = []
    const keep = ({stdout, stderr}: {readonly stdout: string | Buffer; readonly stderr: string}): void =>
      void shown.push(`${stdout}`, stderr)
    const running = (): void => void shown.push(execFileSync('ps', ['axeww', '-o', 'args']).toString())
    tunnel.password = `me:${PASSWORD}`
    stage.name(tunnel.url.replace('//', `//me:${encoded}@`))
    keep(await succeeds('connect', 'calm-reed', '--wait', '--json'))
    keep(await succeeds('exec', '--json', '--', 'true'))
    for (const command of ['doctor', 'status']) keep(await stage.run([command, '--json']))
    keep(await stage.ssh(['runcode.calm-reed', 'true']))
    running()
    await stage.endMaster()
    // Now that it says nothing, those that ask it are there to be looked at.
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const {port} = silent.address() as {port: number}
    stage.name(`http://me:${encoded}@127.0.0.1:${port}`)
    const pending = stage.run(['exec', '--', 'true'])
    const [socket] = await once(silent, 'connection')
    running()
    assert.match(shown.at(-1) ?? '', /proxy --gateway fake 127\.0\.0\.1 \d+/)
    keep(await pending)
    assert.match(shown.at(-1) ?? '', /the proxy 127\.0\.0\.1:\d+ gave no answer to CONNECT/)
    socket.destroy()
    silent.close()
    stage.name(tunnel.url.replace('//', `//me:${encoded}x@`))
    keep(await stage.run(['exec', '--', 'true']))
    keep(await stage.run(['connect', 'calm-reed', '--force', '--json']))
    keep(await stage.ssh(['runcode.calm-reed', 'true']))
    for (const entry of readdirSync(join(stage.home, '.local'), {recursive: true, withFileTypes: true}))
      if (entry.isFile()) shown.push(readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    for (const secret of [PASSWORD, encoded, Buffer.from(`me:${PASSWORD}`).toString('base64')])
      assert.deepEqual(
        shown.filter((text) => text.includes(secret)),
        [],
        secret,
      )
  })

  it('is named where nobody is there or it cannot get through, and is asked again', async () => {
    await connected()
    await stage.endMaster()
    const to = 'Could not connect to the gateway 127.0.0.1: the proxy 127.0.0.1:<port>'
    stage.tunnel.asked.length = 0
    stage.tunnel.answer = 'HTTP/1.1 502 Bad Gateway\r\n\r\n'
    assert.equal(await told(), `${to} answered "HTTP/1.1 502 Bad Gateway"`)
    assert.ok(stage.tunnel.asked.length > 1)
    stage.name('http://127.0.0.1:1')
    assert.equal(await told(), `${to.replace('<port>', '1')} cannot be reached: connect ECONNREFUSED 127.0.0.1:1`)
  })

  it('is asked once where it does not let through', async () => {
    stage.tunnel.answer = 'HTTP/1.1 403 Forbidden\r\n\r\n'
    assert.match(await told(), / answered "HTTP\/1\.1 403 Forbidden"$/)
    assert.equal(stage.tunnel.asked.length, 1)
  })

  it('leads to no session where what stands behind it speaks no SSH', async () => {
    stage.tunnel.answer = 'HTTP/1.1 200 OK\r\n\r\n\0 this is no SSH\r\n'
    assert.match(await told(), / invalid /)
  })

  it('is taken by a command whose master goes just when it turns to it', async () => {
    await connected()
    await stage.endMaster()
    const {controlPath = ''} = (await readCurrentSession(stage.state, stage.owner)) ?? {}
    let heard = 0
    const master = createServer((socket) => {
      heard += 1
      socket.on('error', () => undefined)
      socket.destroy()
    }).listen(controlPath)
    await once(master, 'listening')
    chmodSync(controlPath, 0o600)
    const {proxied, direct, result} = await stage.during(() => succeeds('exec', '--', 'echo once'))
    master.close()
    assert.deepEqual([result.stdout, proxied > 0, direct], ['once\n', true, 0])
    assert.ok(heard > 0)
  })

  it('leaves no process behind where exec is killed while it is asked', async () => {
    await connected()
    await stage.endMaster()
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    stage.name(`http://127.0.0.1:${(silent.address() as {port: number}).port}`)
    const {env, remove} = temporaryHome()
    remove()
    const child = startRuncode(['exec', '--', 'true'], {env: {...env, ...stage.env}, cwd: stage.tree})
    const [socket] = await once(silent, 'connection')
    child.kill('SIGKILL')
    await once(socket.resume(), 'close')
    await stage.settle('nobody')
    silent.close()
  })
})
