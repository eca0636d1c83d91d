import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {LockedError, withLock} from '../../src/core/lock.ts'
import {processStart} from '../../src/core/process-identity.ts'
import {outcomeOf, startProgram} from '../support/start-program.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const within = (ms: number) => deadlineIn(ms, new AbortController().signal)

describe('withLock()', () => {
  const folder = temporaryFolder()
  const children: ChildProcess[] = []

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  const holder = async (lock: string): Promise<ChildProcess> => {
    const child = startProgram(new URL('hold-lock.ts', import.meta.url), [lock])
    children.push(child)
    if (child.stdout === null) throw new Error('no stdout')
    assert.equal(String((await once(child.stdout, 'data'))[0]), 'held\n')
    return child
  }

  it('gives what the work gives, and leaves no file behind', async () => {
    assert.equal(await withLock(join(folder.path, 'lock'), within(1000), async () => 42), 42)
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('is let go when the work throws', async () => {
    const lock = join(folder.path, 'lock')
    await assert.rejects(
      withLock(lock, within(1000), async () => {
        throw new RangeError('work')
      }),
      RangeError,
    )
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('lets one caller in at a time within a process', async () => {
    const seen: string[] = []
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        withLock(join(folder.path, 'lock'), within(10_000), async () => {
          seen.push(`${name} in`)
          await new Promise((resolve) => setTimeout(resolve, 10))
          seen.push(`${name} out`)
        }),
      ),
    )
    for (let at = 0; at < seen.length; at += 2) assert.equal(seen[at]?.[0], seen[at + 1]?.[0], seen.join())
  })

  it('keeps counts exact for four processes that write the same file', async () => {
    const [lock, counter] = [join(folder.path, 'lock'), join(folder.path, 'counter')]
    writeFileSync(counter, '0')
    // A dead holder at the start: several find it at once, and only one may take it over.
    writeFileSync(lock, JSON.stringify({pid: 4_194_305, started: 'long ago', nonce: 'x'}))
    const program = new URL('count-under-lock.ts', import.meta.url)
    const running = [1, 2, 3, 4].map(() => startProgram(program, [lock, counter, '25']))
    children.push(...running)
    assert.deepEqual(
      (await Promise.all(running.map(outcomeOf))).map(({code}) => code),
      [0, 0, 0, 0],
    )
    assert.equal(readFileSync(counter, 'utf8'), '100')
    assert.deepEqual(readdirSync(folder.path), ['counter'])
  })

  it('respects a living process until the deadline, names it, and leaves its lock alone', async () => {
    const lock = join(folder.path, 'lock')
    const {pid} = await holder(lock)
    const before = readFileSync(lock, 'utf8')
    await assert.rejects(
      withLock(lock, within(200), async () => assert.fail('entered')),
      {
        name: 'LockedError',
        code: 'locked',
        retryable: true,
        facts: {lock, pid},
      },
    )
    assert.equal(readFileSync(lock, 'utf8'), before)
  })

  it('stops waiting when the user interrupts', async () => {
    const lock = join(folder.path, 'lock')
    writeFileSync(lock, JSON.stringify({pid: process.pid, started: await processStart(process.pid), nonce: 'other'}))
    const interrupted = new AbortController()
    setTimeout(() => interrupted.abort(), 50)
    await assert.rejects(
      withLock(lock, deadlineIn(60_000, interrupted.signal), async () => assert.fail('entered')),
      LockedError,
    )
  })

  it('is waited for, and entered when its holder ends in peace', async () => {
    const lock = join(folder.path, 'lock')
    const child = await holder(lock)
    setTimeout(() => child.stdin?.end(), 100)
    assert.equal(await withLock(lock, within(15_000), async () => 'mine'), 'mine')
  })

  it('is taken over from a holder that was killed', async () => {
    const lock = join(folder.path, 'lock')
    const child = await holder(lock)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(existsSync(lock), true)
    assert.equal(await withLock(lock, within(5000), async () => 'mine'), 'mine')
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('is taken over from a killed holder whose parent never asked for its status', async function () {
    if (process.platform !== 'linux') this.skip() // Only there a zombie can be told from the living, in /proc.
    // sh starts a child, then becomes a sleep itself, which asks for no status.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {stdio: ['ignore', 'pipe', 'inherit']})
    children.push(parent)
    const pid = Number(String((await once(parent.stdout, 'data'))[0]))
    const becomes = async (path: string, pattern: RegExp): Promise<void> => {
      while (!pattern.test(readFileSync(path, 'utf8'))) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await becomes(`/proc/${parent.pid}/comm`, /^sleep$/m)
    process.kill(pid, 'SIGKILL')
    await becomes(`/proc/${pid}/status`, /^State:\s+Z/m)
    const started = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const lock = join(folder.path, 'lock')
    writeFileSync(lock, JSON.stringify({pid, started: `${started}@${boot}`, nonce: 'x'}))
    assert.equal(await withLock(lock, within(300), async () => 'mine'), 'mine')
  })

  it('is taken over where the pid was given out again to another process', async () => {
    const lock = join(folder.path, 'lock')
    writeFileSync(lock, JSON.stringify({pid: process.pid, started: 'another start', nonce: 'x'}))
    assert.equal(await withLock(lock, within(5000), async () => 'mine'), 'mine')
  })

  for (const [what, text] of Object.entries({
    nothing: '',
    'no JSON': '{"pid":',
    'no object': '17',
    'no pid': '{"started":null}',
    'a pid below one': '{"pid":-1,"started":null}',
    'a pid in text': '{"pid":"17","started":null}',
  })) {
    it(`is taken over where its file holds ${what}`, async () => {
      const lock = join(folder.path, 'lock')
      writeFileSync(lock, text)
      assert.equal(await withLock(lock, within(1000), async () => 'mine'), 'mine')
    })
  }

  it('leaves a lock alone that someone else took meanwhile', async () => {
    const lock = join(folder.path, 'lock')
    await withLock(lock, within(1000), async () => writeFileSync(lock, 'of another'))
    assert.equal(readFileSync(lock, 'utf8'), 'of another')
  })

  it('makes its folder again where someone who cleared up has just removed it', async () => {
    assert.equal(await withLock(join(folder.path, 'gone', 'lock'), within(1000), async () => 'mine'), 'mine')
  })

  it('throws a FileError where its path is a folder, or its folder cannot be made', async () => {
    mkdirSync(join(folder.path, 'lock'))
    writeFileSync(join(folder.path, 'file'), '')
    for (const path of [join(folder.path, 'lock'), join(folder.path, 'file', 'lock')]) {
      await assert.rejects(
        withLock(path, within(1000), async () => 1),
        {code: 'file_error', name: 'FileError'},
      )
    }
  })
})
