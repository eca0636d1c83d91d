import assert from 'node:assert/strict'
import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {LockedError, withLock} from '../../src/core/lock.ts'
import {pidSpace, processStart} from '../../src/core/process-identity.ts'
import {outcomeOf, startProgram} from '../support/start-program.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const spaceHere = await pidSpace()
const startHere = await processStart(process.pid)
/** The words of a lock of this process, or of one that differs from it in something. */
const words = (change: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({pid: process.pid, started: startHere, space: spaceHere, nonce: 'other', ...change})

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
    writeFileSync(lock, words({pid: 4_194_305, started: 'long ago'}))
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
    writeFileSync(lock, words())
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
    writeFileSync(lock, words({pid, started: `${started}@${boot}`}))
    assert.equal(await withLock(lock, within(300), async () => 'mine'), 'mine')
  })

  it('is taken over where the pid was given out again to another process', async () => {
    const lock = join(folder.path, 'lock')
    writeFileSync(lock, words({started: 'another start'}))
    assert.equal(await withLock(lock, within(5000), async () => 'mine'), 'mine')
  })

  for (const [what, text] of Object.entries({
    nothing: '',
    'no JSON': '{"pid":',
    'no object': '17',
    'no pid': '{"started":null}',
    'a pid below one': '{"pid":-1,"started":null}',
    'a pid in text': '{"pid":"17","started":null}',
    'no space for its pid': JSON.stringify({pid: process.pid, started: startHere}),
  })) {
    it(`is taken over where its file holds ${what}`, async () => {
      const lock = join(folder.path, 'lock')
      writeFileSync(lock, text)
      assert.equal(await withLock(lock, within(1000), async () => 'mine'), 'mine')
    })
  }

  for (const [what, put] of Object.entries({
    'a pipe that nobody writes to': (lock) => void spawnSync('mkfifo', [lock]),
    'a link to nothing': (lock) => symlinkSync('nothing', lock),
    'a link to a living lock': (lock) => {
      writeFileSync(`${lock}-elsewhere`, words())
      symlinkSync(`${lock}-elsewhere`, lock)
    },
    'a socket': async (lock) => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(lock, resolve))
      // Closing takes the socket's name away, which a kill does not.
      spawnSync('ln', [lock, `${lock}-kept`])
      await new Promise((resolve) => server.close(resolve))
      spawnSync('mv', [`${lock}-kept`, lock])
    },
  } satisfies Record<string, (lock: string) => void | Promise<void>>)) {
    it(`is taken over where ${what} has its name`, async () => {
      const lock = join(folder.path, 'lock')
      await put(lock)
      assert.equal(await withLock(lock, within(3000), async () => 'mine'), 'mine')
      assert.equal(existsSync(lock), false)
    })
  }

  it('gives a holder the time to write its words that needs it, where there are no hard links', async () => {
    const lock = join(folder.path, 'lock')
    writeFileSync(lock, '')
    setTimeout(() => writeFileSync(lock, words()), 100)
    await assert.rejects(
      withLock(lock, within(1000), async () => assert.fail('entered')),
      {code: 'locked', facts: {lock, pid: process.pid}},
    )
  })

  it('keeps counts exact where there are no hard links', async () => {
    const [lock, counter] = [join(folder.path, 'lock'), join(folder.path, 'counter')]
    writeFileSync(counter, '0')
    const preload = new URL('../support/no-hard-links.mjs', import.meta.url).href
    const env = {...process.env, NODE_OPTIONS: `--import ${preload}`}
    const program = new URL('count-under-lock.ts', import.meta.url)
    const running = [1, 2, 3].map(() => startProgram(program, [lock, counter, '20'], env))
    children.push(...running)
    assert.deepEqual(
      (await Promise.all(running.map(outcomeOf))).map(({code}) => code),
      [0, 0, 0],
    )
    assert.equal(readFileSync(counter, 'utf8'), '60')
    assert.deepEqual(readdirSync(folder.path), ['counter'])
  })

  it('respects a holder on another machine or in a container, whose pid means nothing here', async () => {
    const lock = join(folder.path, 'lock')
    // Taken for a process of this machine it would be dead.
    writeFileSync(lock, words({pid: 4_194_305, space: 'elsewhere pid:[1]'}))
    await assert.rejects(
      withLock(lock, within(300), async () => assert.fail('entered')),
      {code: 'locked', facts: {lock, pid: 4_194_305}},
    )
  })

  it('is taken over from a holder elsewhere that has had it for more than a minute, by the file system’s clock', async () => {
    const lock = join(folder.path, 'lock')
    writeFileSync(lock, words({space: 'elsewhere pid:[1]'}))
    utimesSync(lock, new Date(), new Date(Date.now() - 70_000))
    assert.equal(await withLock(lock, within(2000), async () => 'mine'), 'mine')
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('respects a holder that was stopped: it may go on at any time', async () => {
    const lock = join(folder.path, 'lock')
    const child = await holder(lock)
    child.kill('SIGSTOP')
    await assert.rejects(
      withLock(lock, within(1500), async () => assert.fail('entered')),
      {
        code: 'locked',
        exit: 1,
        message: `Another runcode (process ${child.pid}) is still at work here.`,
        hint: `Try again when it has ended. If no such process is yours, remove ${lock}.`,
      },
    )
    child.kill('SIGCONT')
  })

  it('costs many that wait next to nothing, and lets each of them in when it is free', async () => {
    const lock = join(folder.path, 'lock')
    const child = await holder(lock)
    const cpu = process.cpuUsage()
    const entered: number[] = []
    const waiting = Array.from({length: 50}, () =>
      withLock(lock, within(15_000), async () => void entered.push(performance.now())),
    )
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const {user, system} = process.cpuUsage(cpu)
    assert.ok(user + system < 1_500_000, `50 that wait took ${(user + system) / 2e6} of a processor`)
    const beside = readdirSync(folder.path).filter((name) => name !== 'lock')
    assert.ok(beside.length === 50 && beside.every((name) => name.endsWith('.waits')), 'they write once each')
    const freeMs = performance.now()
    child.stdin?.end()
    await Promise.all(waiting)
    assert.equal(entered.length, 50)
    assert.deepEqual(readdirSync(folder.path), [])
    assert.ok(Math.max(...entered) - freeMs < 8000, `the last came in after ${Math.max(...entered) - freeMs} ms`)
  })

  it('tells its work the words of this hold, and of those that it waited for', async () => {
    const lock = join(folder.path, 'lock')
    const child = await holder(lock)
    const before = readFileSync(lock, 'utf8')
    setTimeout(() => child.stdin?.end(), 100)
    await withLock(lock, within(15_000), async (held) => {
      assert.equal(held.words, readFileSync(lock, 'utf8'))
      assert.deepEqual([...held.waitedFor], [before])
    })
    await withLock(lock, within(1000), async ({waitedFor}) => assert.equal(waitedFor.size, 0))
  })

  it('tells its work whether somebody waits, and forgets who waited and was killed', async () => {
    const lock = join(folder.path, 'lock')
    writeFileSync(join(folder.path, 'lock.0123456789ab.waits'), words({pid: 4_194_305}))
    await withLock(lock, within(10_000), async ({isAwaited}) => {
      assert.deepEqual(readdirSync(folder.path), ['lock'])
      assert.equal(await isAwaited(), false)
      const other = withLock(lock, within(200), async () => 1)
      while (!(await isAwaited())) await new Promise((resolve) => setTimeout(resolve, 10))
      await assert.rejects(other, LockedError)
      assert.equal(await isAwaited(), false)
    })
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('clears away what the killed left of this lock, and nothing else', async () => {
    const strays = [
      'lock.0123456789ab.tmp',
      'lock.breaking',
      'lock.breaking.0123456789ab.tmp',
      'lock.breaking.breaking',
    ]
    const others = ['block.0123456789ab.tmp', 'current.0123456789ab.tmp', 'lock.txt', 'locks']
    for (const name of [...strays, ...others]) writeFileSync(join(folder.path, name), words({pid: 4_194_305}))
    await withLock(join(folder.path, 'lock'), within(1000), async () => undefined)
    assert.deepEqual(readdirSync(folder.path).toSorted(), others)
  })

  it('throws a FileError where another user wrote it, whose words it may not read', async () => {
    const lock = join(folder.path, 'lock')
    writeFileSync(lock, words(), {mode: 0})
    const isRoot = process.getuid?.() === 0
    chmodSync(folder.path, 0o777)
    // root may read everything, so it steps down to nobody meanwhile.
    if (isRoot) process.seteuid?.(65_534)
    try {
      await assert.rejects(
        withLock(lock, within(1000), async () => 1),
        {code: 'file_error', facts: {path: lock}},
      )
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
    rmSync(lock)
  })

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
