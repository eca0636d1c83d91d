import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {forgetManagedPass} from '../../src/session/managed-session.ts'
import {type ConnectProxy, startConnectProxy} from '../support/connect-proxy.ts'
import {type ManagedStage, startManagedStage} from '../support/managed-stage.ts'
import type {Run} from '../support/runcode.ts'
import {needSshd} from '../support/sshd-workspace.ts'

const PASSWORD = 'pa%24s s-word'

describe('with an ssh_proxy in the profile', function () {
  this.timeout(60_000)
  let stage: ManagedStage
  let proxy: ConnectProxy

  before(async function () {
    needSshd(this)
    stage = (await startManagedStage()) as ManagedStage
    proxy = await startConnectProxy()
  })
  beforeEach(async () => {
    await stage.attach()
    await stage.run(['disconnect', '--all'])
    await stage.settle('nobody')
    await forgetManagedPass(stage.state, stage.owner)
    await stage.attach()
    Object.assign(proxy, {password: undefined, answer: undefined})
    proxy.asked.length = 0
    set(proxy.url)
  })
  afterEach(() => set(undefined))
  after(async () => {
    await proxy?.stop()
    await stage?.stop()
  })

  const profiles = (): string => join(stage.home, '.config/runcode/cli/profiles.json')
  /** Writes the field as a person does, whatever it is. */
  const set = (sshProxy: unknown): void => {
    const file = JSON.parse(readFileSync(profiles(), 'utf8'))
    file.profiles.fake.ssh_proxy = sshProxy
    writeFileSync(profiles(), JSON.stringify(file), {mode: 0o600})
  }
  /** Connections to the gateway so far: those by the proxy, and the others. */
  const connections = (): {proxied: number; direct: number} => {
    const ports = [...stage.sshd.log().matchAll(/^Connection from 127\.0\.0\.1 port (\d+) /gm)].map(([, port]) =>
      Number(port),
    )
    const proxied = ports.filter((port) => proxy.ports.has(port)).length
    return {proxied, direct: ports.length - proxied}
  }
  /** What connects while something is done. */
  const during = async <T>(work: () => Promise<T>): Promise<{proxied: number; direct: number; result: T}> => {
    const before = connections()
    const result = await work()
    const {proxied, direct} = connections()
    return {proxied: proxied - before.proxied, direct: direct - before.direct, result}
  }
  const succeeds = async (...words: readonly string[]): Promise<Run> => {
    const run = await stage.run(words)
    assert.equal(run.status, 0, run.stderr)
    return run
  }
  /** The object of a command that fails. */
  const failure = async (...words: readonly string[]): Promise<Record<string, unknown>> => {
    const {status, stdout} = await stage.run([...words, '--json', ...(words[0] === 'exec' ? ['--', 'true'] : [])])
    assert.equal(status, words[0] === 'exec' ? 125 : 1)
    return JSON.parse(stdout)
  }

  it('everything that goes to the gateway goes by it: masters, commands of their own, our config, managed hosts', async () => {
    const {proxied, direct} = await during(async () => {
      const {config, command} = JSON.parse((await succeeds('connect', 'calm-reed', '--wait', '--json')).stdout)
      assert.equal((await succeeds('exec', '--', 'echo over the master')).stdout, 'over the master\n')
      await stage.endMaster()
      assert.equal((await succeeds('exec', '--', 'echo alone')).stdout, 'alone\n')
      // It leaves a master behind for the next one.
      await stage.settle('master')
      await stage.endMaster()
      assert.equal((await succeeds('ssh', 'calm-reed', '--', 'echo words')).stdout, 'words\n')
      await stage.settle('master')
      await stage.endMaster()
      assert.deepEqual(command.slice(0, 3), ['ssh', '-F', config])
      const [program, ...args] = [...command, 'echo by hand'] as [string, ...string[]]
      assert.equal(`${(await stage.tool(program, args)).stdout}`, 'by hand\n')
      for (const way of ['handed over', 'relayed'] as const)
        assert.equal(`${(await stage.ssh(['runcode.calm-reed', 'echo managed'], {way})).stdout}`, 'managed\n')
    })
    assert.deepEqual({proxied, direct, asked: proxy.asked.length}, {proxied: 8, direct: 0, asked: 8})
    const target = `127.0.0.1:${stage.sshd.port}`
    for (const head of proxy.asked) assert.equal(head, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}`)
  })

  it('a pass of before serves on by it, and connect makes a config of it; taken away, ssh connects itself', async () => {
    set(undefined)
    const before = JSON.parse((await succeeds('connect', 'calm-reed', '--json')).stdout)
    await stage.endMaster()
    set(proxy.url)
    const mints = stage.mints()
    const own = await during(() => succeeds('exec', '--', 'true'))
    await stage.settle('master')
    assert.deepEqual([own.proxied, own.direct > 0, stage.mints()], [own.proxied, false, mints])
    const after = JSON.parse((await succeeds('connect', 'calm-reed', '--json')).stdout)
    assert.equal(stage.mints(), mints + 1)
    await stage.endMaster()
    const lines = (file: string): readonly string[] => readFileSync(file, 'utf8').split('\n')
    const options = (file: string): readonly string[] => lines(file).filter((line) => /Proxy/.test(line))
    assert.deepEqual(options(before.config), [])
    assert.match(
      options(after.config).join('\n'),
      /^ {2}ProxyCommand .* proxy --gateway fake %h %p\n {2}ProxyUseFdpass yes$/,
    )
    set(undefined)
    const [exec, byHand] = [
      ['exec', '--', 'true'],
      [...after.command.slice(1), 'true'],
    ]
    assert.deepEqual(
      [
        (await during(() => succeeds(...exec))).proxied,
        (await during(() => stage.tool('ssh', byHand))).direct > 0,
        (await during(() => succeeds('connect', 'calm-reed'))).proxied,
      ],
      [0, true, 0],
    )
  })

  it('its password is in no command line, environment, file of ours or line that is shown', async () => {
    proxy.password = `me:${decodeURIComponent(PASSWORD)}`
    set(proxy.url.replace('//', `//me:${PASSWORD}@`))
    assert.match(
      (await stage.run(['exec', '--json', '--', 'true'])).stdout,
      /is damaged: the ssh_proxy of \\"fake\\" is/,
    )
    const encoded = encodeURIComponent(decodeURIComponent(PASSWORD))
    set(proxy.url.replace('//', `//me:${encoded}@`))
    const shown: string[] = []
    const keep = ({stdout, stderr}: {stdout: string | Buffer; stderr: string}): void =>
      void shown.push(`${stdout}`, stderr)
    keep(await succeeds('connect', 'calm-reed', '--wait', '--json'))
    keep(await succeeds('exec', '--json', '--', 'true'))
    keep(await succeeds('doctor', '--json'))
    keep(await succeeds('status', '--json'))
    keep(await stage.ssh(['runcode.calm-reed', 'true']))
    shown.push(execFileSync('ps', ['axeww', '-o', 'args']).toString())
    proxy.password = 'me:another'
    await stage.endMaster()
    keep(await stage.run(['exec', '--', 'true']))
    keep(await stage.run(['connect', 'calm-reed', '--force', '--json']))
    keep(await stage.ssh(['runcode.calm-reed', 'true']))
    for (const entry of readdirSync(join(stage.home, '.local'), {recursive: true, withFileTypes: true}))
      if (entry.isFile()) shown.push(readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    const basic = Buffer.from(`me:${decodeURIComponent(PASSWORD)}`).toString('base64')
    for (const secret of [decodeURIComponent(PASSWORD), encoded, basic])
      assert.deepEqual(
        shown.filter((text) => text.includes(secret)),
        [],
        secret,
      )
  })

  for (const [what, answer, status] of [
    ['wants another password', undefined, 'HTTP/1.1 407 Proxy Authentication Required'],
    ['does not let through', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'HTTP/1.1 403 Forbidden'],
  ] as const) {
    it(`a proxy that ${what} is asked once, and named with its answer`, async () => {
      Object.assign(proxy, {answer, password: answer === undefined ? 'me:x' : undefined})
      const host = '127.0.0.1'
      const message = `Could not connect to the gateway ${host}: the proxy ${new URL(proxy.url).host} answered "${status}"`
      const hint = 'Look at the "ssh_proxy" of the profile in profiles.json, or ask whoever runs that proxy.'
      for (const words of [['connect', 'calm-reed', '--wait'], ['exec']]) {
        proxy.asked.length = 0
        const {error, retryable, ...facts} = await failure(...words)
        assert.deepEqual(
          [error, facts['message'], facts['hint'], retryable],
          ['connection_failed', message, hint, false],
        )
        assert.equal(proxy.asked.length, 1, words.join(' '))
      }
      const {stderr} = await stage.run(['exec', '--', 'true'])
      assert.equal(stderr, `error: ${message}\n${hint}\n`)
      const managed = await stage.ssh(['runcode.calm-reed', 'true'])
      assert.equal(managed.stderr.split('\n')[0], `runcode: ${message}. ${hint}`)
    })
  }

  it('a proxy that is not there, cannot get through or speaks nonsense is named, or what ssh says of it', async () => {
    await succeeds('connect', 'calm-reed')
    await stage.endMaster()
    const {port} = stage.sshd
    const told = async (): Promise<string> => `${(await failure('exec'))['message']}`.replaceAll(/:\d{4,5}/g, ':<port>')
    const to = 'Could not connect to the gateway 127.0.0.1: '
    proxy.answer = 'HTTP/1.1 502 Bad Gateway\r\n\r\n'
    assert.equal(await told(), `${to}the proxy 127.0.0.1:<port> answered "HTTP/1.1 502 Bad Gateway"`)
    assert.ok(proxy.asked.length > 1)
    proxy.answer = 'HTTP/1.1 200 OK\r\n\r\n\x01\x02 this is no SSH\r\n'
    assert.match(await told(), /: banner exchange: .* invalid format$/)
    set(`http://127.0.0.1:${port - 1}`)
    assert.match(await told(), /: the proxy 127\.0\.0\.1:<port> cannot be reached: connect ECONNREFUSED 127/)
  })

  it('SSH goes by it only: HTTPS_PROXY is not for it, and a field with a mistake goes nowhere', async () => {
    await succeeds('connect', 'calm-reed')
    await stage.endMaster()
    for (const wrong of ['https://127.0.0.1:3128', 'proxy.example.test:3128', 5, null, ''])
      for (const words of [['exec'], ['connect', 'calm-reed']]) {
        set(wrong)
        const {proxied, direct, result} = await during(() => failure(...words))
        assert.deepEqual([proxied, direct, result['error']], [0, 0, 'file_error'])
        const form = 'the ssh_proxy of "fake" is not of the form http://[user:password@]host[:port].'
        assert.equal(result['message'], `The file ${profiles()} is damaged: ${form}`)
      }
    set(undefined)
    const env = {HTTPS_PROXY: proxy.url, https_proxy: proxy.url, ALL_PROXY: proxy.url}
    const {proxied, direct} = await during(() => stage.run(['exec', '--', 'true'], env))
    assert.deepEqual([proxied, direct > 0], [0, true])
  })
})
