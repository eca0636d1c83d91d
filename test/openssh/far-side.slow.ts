import assert from 'node:assert/strict'
import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {wrapCommand} from '../../src/remote-command/wrapper.ts'
import {argvTask, NONCE} from '../support/far-side.ts'
import {BIN} from '../support/runcode.ts'
import {startSlowRelay} from '../support/slow-relay.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'
import {isStubbornGone, newTag, stubborn} from '../support/stubborn.ts'

/** A beat and the grace are 3 s, promised are 5; the rest is for a machine that does all of this at once. */
const LIMIT_MS = 15_000
const isUp = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.stdout?.once('data', resolve))
const statusOf = (child: ChildProcess): Promise<number | NodeJS.Signals | null> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))

const isGone = (tag: string, why: string): Promise<void> => isStubbornGone(tag, LIMIT_MS, why)

describe('a command behind a real sshd', function () {
  this.timeout(60_000)
  let workspace: SshdWorkspace

  const start = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [BIN, ...args], {
      env: {...workspace.home.env},
      cwd: workspace.tree,
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  /** ssh alone, over the master or not. */
  const ssh = async (way: readonly string[], tag: string): Promise<ChildProcess> => {
    const {config, alias} = JSON.parse((await workspace.run(['connect', 'calm-reed', '--json'])).stdout)
    const line = wrapCommand(argvTask(stubborn(tag)), NONCE)
    return spawn('ssh', ['-T', '-F', config, ...way, alias, line], {stdio: ['pipe', 'pipe', 'ignore']})
  }

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    await workspace.run(['connect', 'calm-reed', '--wait'])
  })
  after(() => workspace?.remove())

  it('ends with us over a master, however we end; others over that master live on', async () => {
    const other = start(['exec', '--', 'sh', '-c', 'echo up; cat; exit 9'])
    await isUp(other)
    const end = async (signal: NodeJS.Signals, wanted: number | string, target: 1 | -1): Promise<void> => {
      const tag = newTag()
      const child = start(['exec', '--', ...stubborn(tag)])
      await isUp(child)
      const status = statusOf(child)
      process.kill(target * (child.pid ?? 0), signal)
      assert.equal(await status, wanted, signal)
      await isGone(tag, `${signal} ${target}`)
    }
    const killClient = async (way: readonly string[]): Promise<void> => {
      const tag = newTag()
      const child = await ssh(way, tag)
      await isUp(child)
      child.kill('SIGKILL')
      await isGone(tag, `ssh ${way.join(' ')}`)
    }
    await Promise.all([
      end('SIGINT', 130, 1),
      end('SIGTERM', 143, 1),
      end('SIGHUP', 129, 1),
      end('SIGKILL', 'SIGKILL', 1),
      end('SIGINT', 130, -1),
      end('SIGKILL', 'SIGKILL', -1),
      killClient([]),
      killClient(['-o', 'ControlPath=none']),
    ])
    const status = statusOf(other)
    other.stdin?.end()
    assert.equal(await status, 9)
  })

  it('ends where the line is cut, and where the master is killed', async () => {
    const relay = await startSlowRelay(workspace.sshd.port, 0)
    const [cut, orphaned] = [newTag(), newTag()]
    const direct = await ssh(
      [
        '-o',
        'ControlPath=none',
        '-o',
        `HostName=127.0.0.1`,
        '-o',
        `Port=${relay.port}`,
        '-o',
        `HostKeyAlias=[127.0.0.1]:${workspace.sshd.port}`,
      ],
      cut,
    )
    const child = start(['exec', '--', ...stubborn(orphaned)])
    await Promise.all([isUp(direct), isUp(child)])
    relay.cut()
    const {config, alias} = JSON.parse((await workspace.run(['connect', 'calm-reed', '--json'])).stdout)
    const {stderr} = spawnSync('ssh', ['-F', config, '-O', 'check', alias], {encoding: 'utf8'})
    const pid = Number(/pid=(\d+)/.exec(stderr)?.[1])
    const status = statusOf(child)
    process.kill(pid, 'SIGKILL')
    assert.equal(await status, 125)
    await Promise.all([isGone(cut, 'cut'), isGone(orphaned, 'master')])
  })
})
