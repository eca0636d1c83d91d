import assert from 'node:assert/strict'
import type {ChildProcess} from 'node:child_process'
import {startSlowRelay} from '../../support/slow-relay.ts'
import {type GatewayFixture, isRunning, openGateway, until} from './gateway-fixture.ts'

/** Ignores what it can, has a child in its group, and a daemon in a session of its own; prints the pids of the three. */
const STUBBORN = `trap '' TERM HUP INT; setsid sleep 300 >/dev/null 2>&1 </dev/null & daemon=$!; sleep 300 & echo $$ $! $daemon; wait`
const LIMIT_MS = 5000

const firstLine = async (child: ChildProcess): Promise<string> =>
  String(await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve)))

describe('a command whose client is gone', () => {
  let fixture: GatewayFixture
  let relay: Awaited<ReturnType<typeof startSlowRelay>>
  before(async () => {
    fixture = await openGateway()
    relay = await startSlowRelay(fixture.port, 0)
  })
  after(() => {
    relay.cut()
    return fixture.close()
  })

  /** Starts the stubborn command by ssh, loses it in the given way, and says who ran before and 5 s later. */
  const lose = async (options: readonly string[], how: (client: ChildProcess) => void): Promise<boolean[][]> => {
    const client = fixture.startSsh([...fixture.sshArgs(options), STUBBORN])
    const pids = (await firstLine(client)).trim().split(' ').map(Number)
    const before = pids.map(isRunning)
    const start = performance.now()
    how(client)
    await until('its group is gone', () => !pids.slice(0, 2).some(isRunning))
    const elapsedMs = performance.now() - start
    assert.equal(elapsedMs < LIMIT_MS, true, `after ${elapsedMs} ms`)
    const after = pids.map(isRunning)
    if (pids[2] !== undefined) process.kill(pids[2])
    return [before, after]
  }
  const kill = (client: ChildProcess): void => {
    client.kill('SIGKILL')
  }

  it('ends with its children within 5 s however it is lost, also one that ignores TERM, and its daemon lives on', async () => {
    const master = await fixture.master('mux')
    const ends = await Promise.all([
      lose([], kill),
      lose(master, kill),
      lose(['-n'], kill),
      lose([...master, '-n'], kill),
      lose(['-tt'], kill),
      lose([...master, '-tt'], kill),
      lose(['-p', String(relay.port), '-o', `HostKeyAlias=[127.0.0.1]:${fixture.port}`], () => relay.cut()),
    ])
    for (const [i, end] of ends.entries())
      assert.deepEqual(
        end,
        [
          [true, true, true],
          [false, false, true],
        ],
        `way ${i}`,
      )
  })

  it('is one thing, and a command whose stdin has ended another: that one lives on', async () => {
    const {stdout, ending} = await fixture.ssh([...fixture.sshArgs(), 'cat; sleep 0.5; echo on; exit 4'], 'in ')
    assert.deepEqual([stdout.toString(), ending], ['in on\n', {kind: 'exited', code: 4}])
  })
})

describe('a client that says nothing any more', () => {
  const ALIVE_MS = 150
  let fixture: GatewayFixture
  let relay: Awaited<ReturnType<typeof startSlowRelay>>
  before(async () => {
    fixture = await openGateway(undefined, {aliveMs: ALIVE_MS})
    relay = await startSlowRelay(fixture.port, 0)
  })
  after(() => {
    relay.cut()
    return fixture.close()
  })

  const start = async (options: readonly string[]): Promise<{client: ChildProcess; pid: number}> => {
    const client = fixture.startSsh([...fixture.sshArgs(options), 'echo $$; exec sleep 300'])
    return {client, pid: Number.parseInt(await firstLine(client), 10)}
  }

  it('loses its command after ten questions; one that answers, or whose master does, keeps it', async () => {
    const [stopped, silenced, good, stoppedBehindMaster] = await Promise.all([
      start([]),
      start(['-p', String(relay.port), '-o', `HostKeyAlias=[127.0.0.1]:${fixture.port}`]),
      start([]),
      start(await fixture.master('mux')),
    ])
    const begun = performance.now()
    stopped.client.kill('SIGSTOP')
    stoppedBehindMaster.client.kill('SIGSTOP')
    relay.silence()
    await until('both commands are gone', () => !isRunning(stopped.pid) && !isRunning(silenced.pid))
    assert.equal(performance.now() - begun > 9 * ALIVE_MS, true)
    await new Promise((resolve) => setTimeout(resolve, 5 * ALIVE_MS))
    assert.deepEqual([good.pid, stoppedBehindMaster.pid].map(isRunning), [true, true])
  })
})
