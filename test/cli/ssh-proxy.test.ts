import assert from 'node:assert/strict'
import {type ProxiedStage, startProxiedStage} from '../support/proxied-stage.ts'
import type {Run} from '../support/runcode.ts'
import {needSshd} from '../support/sshd-workspace.ts'

const HINT = 'Ask whoever runs that proxy, or name another one: runcode profile set <name> --ssh-proxy <url>'

describe('with an ssh_proxy in the profile', function () {
  this.timeout(60_000)
  let stage: ProxiedStage

  before(async function () {
    needSshd(this)
    stage = (await startProxiedStage()) as ProxiedStage
    await stage.reset()
  })
  after(() => stage?.stop())

  const succeeds = async (...words: readonly string[]): Promise<Run> => {
    const run = await stage.run(words)
    assert.equal(run.status, 0, run.stderr)
    return run
  }

  it('masters, commands of their own, our config and managed hosts go by it, and nothing goes another way', async () => {
    const {proxied, direct} = await stage.during(async () => {
      const {config, command} = JSON.parse((await succeeds('connect', 'calm-reed', '--wait', '--json')).stdout)
      assert.equal((await succeeds('exec', '--', 'echo over the master')).stdout, 'over the master\n')
      await stage.endMaster()
      assert.equal((await succeeds('ssh', 'calm-reed', '--', 'echo alone')).stdout, 'alone\n')
      // It leaves a master behind for the next one.
      await stage.settle('master')
      await stage.endMaster()
      assert.deepEqual(command.slice(0, 3), ['ssh', '-F', config])
      assert.equal(`${(await stage.tool('ssh', [...command.slice(1), 'echo by hand'])).stdout}`, 'by hand\n')
      assert.equal(`${(await stage.ssh(['runcode.calm-reed', 'echo managed'])).stdout}`, 'managed\n')
    })
    assert.deepEqual({proxied, direct, asked: stage.tunnel.asked.length}, {proxied: 5, direct: 0, asked: 5})
    const target = `127.0.0.1:${stage.sshd.port}`
    for (const head of stage.tunnel.asked) assert.equal(head, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}`)
  })

  it('forwards of ports go by it, and say what it answers where it refuses', async () => {
    const forward = (): Promise<Run> => stage.run(['port-forward', '-w', 'calm-reed', '--json', '--for', '1s', '0:1'])
    const {proxied, direct, result} = await stage.during(forward)
    assert.deepEqual({proxied, direct, status: result.status}, {proxied: 1, direct: 0, status: 0}, result.stdout)
    stage.tunnel.password = 'me:secret'
    const {status, stdout} = await forward()
    const {error, message, retryable} = JSON.parse(stdout)
    assert.deepEqual([status, error, retryable], [1, 'connection_failed', false])
    assert.match(message, /answered "HTTP\/1\.1 407/)
    stage.tunnel.password = undefined
  })

  it('a proxy that wants another password is asked once by a command, which names it with what it answered', async () => {
    const {tunnel} = stage
    tunnel.password = 'me:secret'
    stage.name(tunnel.url.replace('//', '//me:other@'))
    const answer = `the proxy ${new URL(tunnel.url).host} answered "HTTP/1.1 407 Proxy Authentication Required"`
    const message = `Could not connect to the gateway 127.0.0.1: ${answer}`
    tunnel.asked.length = 0
    const {status, stdout} = await stage.run(['exec', '--json', '--', 'true'])
    const {error, retryable, retry_safe: isSafe, ...facts} = JSON.parse(stdout)
    assert.deepEqual([status, error, retryable, isSafe], [125, 'connection_failed', false, true])
    assert.deepEqual([facts.message, facts.hint, tunnel.asked.length], [message, HINT, 1])
    const connect = await stage.run(['connect', 'calm-reed', '--wait'])
    assert.equal(connect.status, 1)
    assert.ok(connect.stderr.endsWith(`\nruncode: ${message}\nhint: ${HINT}\n`), connect.stderr)
    assert.equal(tunnel.asked.length, 2)
    const managed = await stage.ssh(['runcode.calm-reed', 'true'])
    assert.equal(managed.stderr.split('\n')[0], `runcode: ${message}. ${HINT}`)
    tunnel.password = undefined
  })

  it('what stands there and is none is an error, and not a reason to connect otherwise', async () => {
    stage.name('https://proxy.example.test')
    for (const words of [
      ['exec', '--json', '--', 'true'],
      ['connect', 'calm-reed', '--json'],
    ]) {
      const {proxied, direct, result} = await stage.during(() => stage.run(words))
      const {error, message} = JSON.parse(result.stdout)
      const form = 'the ssh_proxy of "fake" is not of the form http://[user:password@]host[:port].'
      assert.deepEqual([error, message], ['file_error', `The file ${stage.profiles} is damaged: ${form}`])
      assert.deepEqual([proxied, direct], [0, 0])
    }
  })
})
