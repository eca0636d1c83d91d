import assert from 'node:assert/strict'
import {execFileSync, spawnSync} from 'node:child_process'
import {randomBytes, randomInt} from 'node:crypto'
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {MARGIN_SECONDS} from '../../src/session/session.ts'
import {isSoak} from '../support/soak.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'
import {until} from '../support/until.ts'

const ROUNDS = 50
const BYTES = isSoak ? 1 << 30 : 128 << 20
const VICTIMS = ['client', 'ssh', 'gateway'] as const
type Victim = (typeof VICTIMS)[number]

/** Process ids with their parents and arguments. */
const processes = (): readonly {readonly pid: number; readonly parent: number; readonly args: string}[] =>
  execFileSync('ps', ['-axo', 'pid=,ppid=,args='], {encoding: 'utf8'})
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((found) =>
      found === null ? [] : [{pid: Number(found[1]), parent: Number(found[2]), args: found[3] ?? ''}],
    )

const kill = (pids: readonly number[]): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
}

describe('a transfer in which somebody dies', function () {
  this.timeout(isSoak ? 7_200_000 : 600_000)
  let workspace: SshdWorkspace
  const contents = [randomBytes(BYTES), randomBytes(BYTES)] as const

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    await workspace.run(['connect', 'calm-reed', '--wait'])
    for (const [at, bytes] of contents.entries()) {
      writeFileSync(join(workspace.tree, `source${at}`), bytes)
      writeFileSync(join(workspace.sshd.folder, `source${at}`), bytes)
    }
  })
  after(() => workspace?.remove())

  /** How many bytes of a part are there. */
  const sizeOfPart = (folder: string): number => {
    const [name] = readdirSync(folder).filter((one) => one.startsWith('.runcode-'))
    try {
      return name === undefined ? 0 : statSync(join(folder, name)).size
    } catch {
      return 0
    }
  }

  const isSame = (path: string, source: string): boolean =>
    spawnSync('cmp', ['-s', path, join(workspace.tree, source)]).status === 0

  const victims = (victim: Victim, client: number): readonly number[] => {
    if (victim === 'client') return [client]
    const all = processes()
    // The master has its socket in its title, a client the config in its arguments.
    if (victim === 'ssh')
      return all.filter(({args}) => /^ssh:? /.test(args) && args.includes(workspace.home.path)).map(({pid}) => pid)
    const server = Number(readFileSync(join(workspace.sshd.folder, 'pid'), 'utf8'))
    const below = (parents: readonly number[]): readonly number[] => {
      const children = all.filter(({parent}) => parents.includes(parent)).map(({pid}) => pid)
      return children.length === 0 ? parents : [...parents, ...below(children)]
    }
    return below([server]).filter((pid) => pid !== server)
  }

  it(`leaves the whole old file or the whole new one, and --resume makes it the new one (${ROUNDS} rounds)`, async () => {
    let [hits, resumed] = [0, 0]
    for (let round = 0; round < ROUNDS; round += 1) {
      const isPut = round % 2 === 0
      const victim = VICTIMS[round % VICTIMS.length] ?? 'client'
      const [source, other] = Math.floor(round / 2) % 2 === 0 ? ['source0', 'source1'] : ['source1', 'source0']
      const folder = isPut ? workspace.sshd.folder : workspace.tree
      const target = join(folder, 'target')
      const words = isPut ? ['put', source, 'target'] : ['get', source, '--out', 'target']
      const wasThere = existsSync(target)
      const at = randomInt(BYTES)
      const seen = `round ${round}: ${words.join(' ')}, ${victim} killed at ${at}`
      const child = workspace.start([...words, '--json'])
      let hasEnded = false
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      void ended.then(() => {
        hasEnded = true
      })
      while (!hasEnded && sizeOfPart(folder) < at) await new Promise((resolve) => setTimeout(resolve, 4))
      if (!hasEnded) hits += 1
      kill(victims(victim, child.pid ?? 0))
      await ended
      if (existsSync(target)) assert.ok(isSame(target, source) || (wasThere && isSame(target, other)), seen)
      else assert.ok(!wasThere, seen)
      const again = await workspace.run([...words, '--resume', '--json'])
      assert.equal(again.status, 0, `${seen}: ${again.stdout}${again.stderr}`)
      if (JSON.parse(again.stdout).resumed_bytes > 0) resumed += 1
      assert.ok(isSame(target, source), seen)
      assert.equal(sizeOfPart(folder), 0, `${seen}: a part is left`)
    }
    assert.ok(hits > ROUNDS / 2, `only ${hits} of ${ROUNDS} died in the middle`)
    assert.ok(resumed > ROUNDS / 4, `only ${resumed} of ${ROUNDS} went on where they stopped`)
    process.stdout.write(`      ${hits} died in the middle, ${resumed} went on where they stopped\n`)
  })

  it('takes another pass where the old one ends in the midst', async () => {
    const staleAt = Date.now() + 5000
    workspace.bundle['expires_at'] = new Date(staleAt + MARGIN_SECONDS * 1000).toISOString()
    assert.equal((await workspace.run(['connect', 'calm-reed', '--wait', '--force'])).status, 0)
    delete workspace.bundle['expires_at']
    const child = workspace.start(['put', '-', 'target', '--json'])
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const [bytes] = contents
    child.stdin?.write(bytes.subarray(0, BYTES / 2))
    await until(
      () => sizeOfPart(workspace.sshd.folder) > 0,
      () => 'it never began',
    )
    await until(
      () => Date.now() > staleAt + 500,
      () => 'the pass is still good',
    )
    child.stdin?.end(bytes.subarray(BYTES / 2))
    assert.equal(await ended, 0)
    assert.ok(readFileSync(join(workspace.sshd.folder, 'target')).equals(bytes))
    const {session} = JSON.parse((await workspace.run(['status', '--json'])).stdout)
    assert.ok(session.remaining_seconds > 1000, 'it went on with the old pass')
  })
})
