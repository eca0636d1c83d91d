import assert from 'node:assert/strict'
import {type Forwarding, shout, startShouter, watchForwarding} from '../support/forwarding.ts'
import {freePort} from '../support/free-port.ts'
import {killSessions} from '../support/kill-sessions.ts'
import {startSlowRelay} from '../support/slow-relay.ts'
import {isSoak} from '../support/soak.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'
import {until} from '../support/until.ts'

type Relay = Awaited<ReturnType<typeof startSlowRelay>>

describe('port-forward, when time passes', function () {
  this.timeout(120_000)
  let workspace: SshdWorkspace
  let service: Awaited<ReturnType<typeof startShouter>>
  let relay: Relay
  let forwarding: Forwarding
  let local: number

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    service = await startShouter()
  })
  beforeEach(async () => {
    relay = await startSlowRelay(workspace.sshd.port, 0)
    workspace.bundle['port'] = relay.port
    workspace.bundle['known_hosts'] = `[127.0.0.1]:${relay.port} ${workspace.sshd.hostKey}\n`
    await workspace.run(['connect', 'calm-reed', '--force'])
    forwarding = watchForwarding(workspace.start(['port-forward', '--json', `0:${service.port}`]))
    local = Number((await forwarding.heard('ready'))['local'])
  })
  afterEach(async () => {
    await forwarding.end('SIGINT')
    relay.cut()
  })
  after(async () => {
    service?.close()
    await workspace?.remove()
  })

  const soaking = isSoak ? it : () => undefined
  soaking('lets who connects while the gateway is down wait for 15 seconds, and goes on', async () => {
    relay.cut()
    await forwarding.heard('lost')
    const began = performance.now()
    assert.equal(await shout(local, 'x').catch(() => ''), '')
    const seconds = (performance.now() - began) / 1000
    assert.ok(seconds > 14.5 && seconds < 18, `${seconds} s`)
    assert.equal(forwarding.child.exitCode, null)
  })

  soaking('notices a line that died in silence after a minute, and both ways are there again', async function () {
    this.timeout(200_000)
    const remote = await freePort()
    const reverse = watchForwarding(
      workspace.start(['port-forward', '--json', '--reverse', `${service.port}:${remote}`]),
    )
    await reverse.heard('ready')
    relay.silence()
    const isLost = ({events}: Forwarding): boolean => events.some(({event}) => event === 'lost')
    await until(
      () => isLost(forwarding) && isLost(reverse),
      () => 'It is not noticed.',
      75_000,
    )
    assert.equal(await shout(local, 'after'), 'AFTER')
    // Its sshd has not noticed, and holds the port until it does.
    killSessions(workspace.sshd)
    await until(
      () => reverse.events.some(({event}) => event === 'restored'),
      () => 'It is not back.',
      30_000,
    )
    assert.equal(await shout(remote, 'after'), 'AFTER')
    assert.equal(await reverse.end('SIGINT'), 0)
  })

  it('opens a port of the workspace anew when it slept (simulated: it was stopped, and its line died in silence)', async () => {
    const remote = await freePort()
    const reverse = watchForwarding(
      workspace.start(['port-forward', '--json', '--reverse', `${service.port}:${remote}`]),
    )
    await reverse.heard('ready')
    relay.silence()
    reverse.child.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    reverse.child.kill('SIGCONT')
    await reverse.heard('lost')
    // Its sshd has not noticed, and holds the port until it does.
    killSessions(workspace.sshd)
    await reverse.heard('restored')
    assert.equal(await shout(remote, 'after'), 'AFTER')
    assert.equal(await reverse.end('SIGINT'), 0)
  })

  it('sends new connections another way when it slept (simulated: it was stopped, and its line died in silence)', async () => {
    assert.equal(await shout(local, 'before'), 'BEFORE')
    relay.silence()
    forwarding.child.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    forwarding.child.kill('SIGCONT')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const began = performance.now()
    assert.equal(await shout(local, 'after'), 'AFTER')
    const seconds = (performance.now() - began) / 1000
    assert.ok(seconds < 5, `${seconds} s`)
  })
})
