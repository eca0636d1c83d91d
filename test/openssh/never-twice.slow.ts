import assert from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {RuncodeError} from '../../src/core/errors.ts'
import {startMaster, stopMaster} from '../../src/openssh/master.ts'
import {runRemote} from '../../src/remote-command/run-remote.ts'
import type {Session} from '../../src/session/session.ts'
import {type CuttingRelay, type Direction, startCuttingRelay} from '../support/cutting-relay.ts'
import {directSessions, type SessionMaker} from '../support/direct-session.ts'
import {type RealSshd, startRealSshd} from '../support/real-sshd.ts'
import {needSshd} from '../support/sshd-workspace.ts'

/** How many places in each direction a connection is cut at. */
const PLACES = process.env['RUNCODE_SOAK'] === undefined ? 4 : 40
const SIDE_BY_SIDE = 4
const NEVER = new AbortController().signal

/** A number: the status that was told. `never`: that it did not begin. `lost`: that nobody knows. */
type Told = number | 'never' | 'lost'

describe('a command is never run twice, and its status never guessed', function () {
  this.timeout(600_000)
  let sshd: RealSshd
  let sessions: SessionMaker

  before(async function () {
    needSshd(this)
    // A home without start-up files: those of a developer's machine take their time.
    sshd = await startRealSshd(['SetEnv HOME=/nonexistent'])
    sessions = directSessions(sshd)
  })
  after(async () => {
    sessions?.remove()
    await sshd?.stop()
  })

  const runs = (name: string): number => {
    const file = join(sshd.folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8').length : 0
  }
  /** A command that counts its runs on the far side, says much and ends with 7. */
  const tell = async (session: Session, name: string, then = ''): Promise<Told> => {
    const line = `printf x >> ${sshd.folder}/${name}; ${then} head -c 3000 /dev/zero | tr '\\0' o; echo e >&2; exit 7`
    const task = {words: {kind: 'line', line}, directory: undefined, variables: [], isLogin: false} as const
    try {
      const {exitCode, endedBy} = await runRemote({
        ...{
          session,
          route: async () => [],
          task,
          hasTerminal: false,
          stdin: 'ignore',
          timeoutSeconds: undefined,
          env: process.env,
        },
        ...{stdout: () => undefined, stderr: () => undefined, interrupted: NEVER},
      })
      assert.equal(endedBy, 'command')
      return exitCode
    } catch (error) {
      assert.ok(error instanceof RuncodeError, String(error))
      return ['connection_lost', 'ssh_failed'].includes(error.code) ? 'lost' : 'never'
    }
  }

  /** Cuts one connection at each place, and looks at the runs when all is quiet on the far side. */
  const sweep = async (
    way: string,
    totals: Readonly<Record<Direction, number>>,
    cut: (relay: CuttingRelay, session: Session, direction: Direction, bytes: number) => Promise<void>,
  ): Promise<ReadonlyMap<string, Told>> => {
    const places = (['up', 'down'] as const).flatMap((direction) =>
      placesIn(totals[direction]).map((bytes) => ({direction, bytes, name: `${way}-${direction}-${bytes}`})),
    )
    const told = new Map<string, Told>()
    const work = async (): Promise<void> => {
      for (let place = places.pop(); place !== undefined; place = places.pop()) {
        const relay = await startCuttingRelay(sshd.port)
        const session = sessions.make(relay.port)
        await cut(relay, session, place.direction, place.bytes)
        told.set(place.name, await tell(session, place.name))
        await stopMaster(session.controlPath ?? '', {now: true})
        relay.close()
        assert.deepEqual(
          readdirSync(session.folder).filter((name) => name.endsWith('.log')),
          [],
        )
      }
    }
    await Promise.all(Array.from({length: SIDE_BY_SIDE}, work))
    // What sshd had read before a cut it still does.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    for (const [name, what] of told) {
      const count = runs(name)
      const isRight = what === 'lost' ? count <= 1 : what === 'never' ? count === 0 : what === 7 && count === 1
      assert.ok(isRight, `${name}: told ${what}, ran ${count} times`)
    }
    return told
  }
  it('wherever a connection of its own is cut', async () => {
    const relay = await startCuttingRelay(sshd.port)
    relay.cutAfter('up', Number.POSITIVE_INFINITY)
    assert.equal(await tell(sessions.make(relay.port), 'whole'), 7)
    relay.close()
    const told = await sweep('direct', relay.seen, async (one, _session, direction, bytes) =>
      one.cutAfter(direction, bytes),
    )
    const kinds = new Set(told.values())
    // Before it was let in it is tried again and gets through; after that nobody knows, or the status came before the cut.
    assert.ok(kinds.has(7) && kinds.has('lost'), [...kinds].join(' '))
  })

  it('wherever the connection of its master is cut', async () => {
    const open = async ({configFile, alias, folder, controlPath = ''}: Session): Promise<void> => {
      const options = {configFile, alias, folder, controlPath, sleptSeconds: 0, env: process.env, route: []}
      assert.deepEqual(await startMaster(options, deadlineIn(20_000, NEVER)), {isUp: true})
    }
    const relay = await startCuttingRelay(sshd.port)
    const session = sessions.make(relay.port)
    await open(session)
    relay.cutAfter('up', Number.POSITIVE_INFINITY)
    assert.equal(await tell(session, 'whole-over-master'), 7)
    const totals = {...relay.seen}
    await stopMaster(session.controlPath ?? '', {now: true})
    relay.close()
    const told = await sweep('master', totals, async (one, over, direction, bytes) => {
      await open(over)
      one.cutAfter(direction, bytes)
    })
    assert.ok(new Set(told.values()).has('lost'))
  })

  for (const [what, script, began] of [
    ['runs nothing and reports success', 'exit 0', false],
    ['ends it half-way and reports success', 'timeout -s KILL 0.5 sh -c "$SSH_ORIGINAL_COMMAND"; exit 0', true],
    [
      'ends it half-way and reports no status',
      'timeout -s KILL 0.5 sh -c "$SSH_ORIGINAL_COMMAND"; kill -KILL $$',
      true,
    ],
    ['runs it and keeps its words to itself', 'sh -c "$SSH_ORIGINAL_COMMAND" >/dev/null', true],
    [
      'runs it, and says that it refused the key',
      'sh -c "$SSH_ORIGINAL_COMMAND" >/dev/null; echo "x@y: Permission denied (publickey)." >&2; exit 255',
      true,
    ],
  ] as const) {
    for (const way of ['directly', 'over a master'] as const) {
      it(`where the gateway ${what}, ${way}`, async () => {
        const file = join(sshd.folder, 'lie')
        writeFileSync(file, script)
        const liar = directSessions(sshd, `command="sh ${file}"`)
        const session = liar.make(sshd.port)
        if (way === 'over a master') {
          const options = {
            ...session,
            controlPath: session.controlPath ?? '',
            sleptSeconds: 0,
            env: process.env,
            route: [],
          }
          assert.deepEqual(await startMaster(options, deadlineIn(20_000, NEVER)), {isUp: true})
        }
        const name = `lie-${what}-${way}`.replaceAll(' ', '-')
        assert.equal(await tell(session, name, 'sleep 1;'), 'lost')
        assert.equal(runs(name), began ? 1 : 0)
        await stopMaster(session.controlPath ?? '', {now: true})
        liar.remove()
      })
    }
  }
})

/** Evenly over the whole, and densely at both ends: over a master the command is asked for at once, and answered last. */
const placesIn = (total: number): readonly number[] => {
  const even = Array.from({length: PLACES}, (_, at) => Math.floor((total * at) / PLACES))
  const last = Array.from({length: Math.floor(PLACES / 2)}, (_, at) => Math.max(0, total - 8 * at))
  const first = Array.from({length: PLACES}, (_, at) => 36 * (at + 1))
  return [...new Set([...first, ...even, ...last])]
}
