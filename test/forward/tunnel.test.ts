import assert from 'node:assert/strict'
import {once} from 'node:events'
import {connect, createServer, type Server, type Socket} from 'node:net'
import {type ErrorCode, RuncodeError} from '../../src/core/errors.ts'
import type {Carrier} from '../../src/forward/carrier.ts'
import {createTunnel, type Tunnel, type TunnelEvent, type TunnelOptions} from '../../src/forward/tunnel.ts'
import {until} from '../support/until.ts'

class PlayedError extends RuncodeError {}

/** A carrier that answers each connection with its own number and ends it; played in place of an ssh. */
interface Played extends Carrier {
  readonly state: {isOpen: boolean; isRetired: boolean; isEnded: boolean; idleSinceMs: number | undefined}
  /** As if ssh ended by itself. */
  lose(): void
}

type End = NonNullable<Awaited<Carrier['gone']>>

const play = (name: number): Played => {
  const state = {isOpen: true, isRetired: false, isEnded: false, idleSinceMs: performance.now() as number | undefined}
  let settle: (end: End | undefined) => void = () => undefined
  const gone = new Promise<End | undefined>((resolve) => {
    settle = resolve
  })
  const stop = (end: End | undefined): void => {
    state.isOpen = false
    settle(end)
  }
  return {
    state,
    gone,
    isOpen: () => state.isOpen,
    idleSinceMs: () => state.idleSinceMs,
    carry: async (client, at) => {
      client.end(`${name}:${at}`)
      return {wasAnswered: true}
    },
    retire: () => {
      state.isRetired = true
      state.isOpen = false
    },
    end: () => {
      state.isEnded = true
      stop(undefined)
    },
    lose: () => stop({reason: 'the line was cut', said: 'Some words.'}),
  }
}

describe('a tunnel', () => {
  let server: Server
  let tunnel: Tunnel
  let carriers: Played[]
  let events: TunnelEvent[]
  let failures: unknown[]
  let losses: number
  /** What opening fails with; each is for one try, and the last for all that follow. */
  let plan: (ErrorCode | 'ok')[]
  let tries: number

  const makeTunnel = (options: Partial<TunnelOptions> = {}): Tunnel =>
    createTunnel({
      open: async () => {
        tries += 1
        const next = plan.length > 1 ? plan.shift() : plan[0]
        if (next !== undefined && next !== 'ok') throw new PlayedError(`no: ${next}`, {code: next})
        const carrier = play(carriers.length)
        carriers.push(carrier)
        return carrier
      },
      tell: (event) => events.push(event),
      fail: (error) => failures.push(error),
      onLost: () => {
        losses += 1
      },
      waitMs: 2000,
      idleMs: 60_000,
      ...options,
    })

  beforeEach(async () => {
    carriers = []
    events = []
    failures = []
    plan = ['ok']
    tries = 0
    losses = 0
    tunnel = makeTunnel()
    server = createServer({allowHalfOpen: true, pauseOnConnect: true}, (client) => tunnel.carry(client, 3))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => {
    tunnel.end()
    server.close()
  })

  const dial = (): Socket => connect((server.address() as {port: number}).port, '127.0.0.1')
  const ask = async (): Promise<string> => {
    let text = ''
    for await (const chunk of dial().setEncoding('utf8')) text += chunk
    return text
  }
  const seen = (): readonly string[] => events.map(({event}) => event)

  it('starts no ssh before somebody connects, and one for many', async () => {
    assert.equal(tries, 0)
    assert.deepEqual(
      await Promise.all(Array.from({length: 20}, ask)),
      Array.from({length: 20}, () => '0:3'),
    )
    assert.equal(tries, 1)
  })

  it('that was opened once uses that ssh', async () => {
    await tunnel.open()
    assert.deepEqual([await ask(), tries], ['0:3', 1])
  })

  it('lets who connects while ssh is started wait for it', async () => {
    const opening = tunnel.open()
    assert.equal(await ask(), '0:3')
    await opening
    assert.equal(tries, 1)
  })

  it('tells the loss of ssh, and starts another when somebody connects', async () => {
    await tunnel.open()
    carriers[0]?.lose()
    await until(
      () => losses === 1,
      () => 'It was not noticed.',
    )
    assert.deepEqual([events, tries], [[{event: 'lost', reason: 'the line was cut', said: 'Some words.'}], 1])
    assert.equal(await ask(), '1:3')
    assert.deepEqual(seen(), ['lost', 'restored'])
  })

  it('closes a connection for which no ssh comes in time, and tries no more when nobody waits', async () => {
    tunnel = makeTunnel({waitMs: 300})
    plan = ['connection_failed']
    const began = performance.now()
    assert.equal(await ask(), '')
    const tookMs = performance.now() - began
    assert.ok(tookMs >= 290 && tookMs < 1500, `${tookMs} ms`)
    const before = tries
    await new Promise((resolve) => setTimeout(resolve, 1000))
    assert.deepEqual([tries, seen()], [before, ['lost']])
  })

  it('brings who waits through as soon as there is an ssh again', async () => {
    plan = ['connection_failed', 'network', 'ok']
    assert.equal(await ask(), '0:3')
    assert.deepEqual([tries, seen()], [3, ['lost', 'restored']])
  })

  it('tries less and less often, however many wait', async () => {
    tunnel = makeTunnel({waitMs: 900})
    plan = ['connection_failed']
    await Promise.all(Array.from({length: 50}, ask))
    assert.ok(tries >= 2 && tries <= 5, `${tries} tries`)
  })

  it('ends, with all who wait, where no try can bring it back', async () => {
    plan = ['conflict']
    assert.equal(await ask(), '')
    assert.deepEqual([tries, failures.length], [1, 1])
    assert.equal(await ask(), '')
    assert.deepEqual([tries, failures.length], [1, 1])
  })

  it('ends an ssh that nobody uses, tells nobody, and starts another for the next one', async () => {
    tunnel = makeTunnel({idleMs: 100})
    await tunnel.open()
    tunnel.look(false)
    assert.equal(carriers[0]?.state.isEnded, false)
    await new Promise((resolve) => setTimeout(resolve, 120))
    tunnel.look(false)
    assert.deepEqual([carriers[0]?.state.isEnded, seen(), tries], [true, [], 1])
    assert.equal(await ask(), '1:3')
    assert.deepEqual(seen(), [])
  })

  it('leaves an ssh that carries something, however long', async () => {
    tunnel = makeTunnel({idleMs: 0})
    await tunnel.open()
    const [carrier] = carriers
    if (carrier !== undefined) carrier.state.idleSinceMs = undefined
    tunnel.look(false)
    assert.equal(carrier?.state.isEnded, false)
  })

  it('sends new connections through a new ssh when the machine has slept; the old ones may go on', async () => {
    await tunnel.open()
    tunnel.look(true)
    assert.deepEqual([carriers[0]?.state.isRetired, carriers[0]?.state.isEnded], [true, false])
    assert.equal(await ask(), '1:3')
  })

  it('takes another ssh where the one that is there takes no more', async () => {
    await tunnel.open()
    const [carrier] = carriers
    if (carrier !== undefined) carrier.state.isOpen = false
    assert.equal(await ask(), '1:3')
    assert.equal(carrier?.state.isRetired, true)
  })

  it('ends its ssh, and closes who waits, when it ends', async () => {
    await tunnel.open()
    tunnel.end()
    assert.equal(carriers[0]?.state.isEnded, true)
    assert.equal(await ask(), '')
  })
})
