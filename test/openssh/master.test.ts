import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {createServer, type Server, type Socket} from 'node:net'
import {dirname, join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {
  isMasterAlive,
  type MasterOptions,
  retireSleptMaster,
  startMaster,
  startMasterInBackground,
  stopMaster,
} from '../../src/openssh/master.ts'
import {endStart, readStart} from '../../src/openssh/master-start.ts'
import {isAlive} from '../support/processes.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const HELLO = Buffer.from('000000080000000100000004', 'hex')
const ALIVE = Buffer.from('0000000c800000050000000000001267', 'hex')

/** What stands behind a control socket, and what stands in place of ssh, is played here. */
describe('a master', () => {
  const folder = temporaryFolder()
  const at = (...names: string[]): string => join(folder.path, ...names)
  const controlPath = (): string => at('sockets', 'master')
  const sockets = new Set<Socket>()
  let server: Server | undefined

  beforeEach(() => mkdirSync(at('sockets'), {mode: 0o700}))
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)))
    server = undefined
  })

  const listen = async (treat: (socket: Socket) => void): Promise<void> => {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      treat(socket)
    })
    await new Promise<void>((resolve) => server?.listen(controlPath(), resolve))
  }
  const alive = (): Promise<void> =>
    listen((socket) => socket.once('data', () => socket.write(Buffer.concat([HELLO, ALIVE]))))
  const silent = (): Promise<void> => listen(() => undefined)

  /** In place of ssh: notes that it was started. */
  const options = ({takes = 0, sleptSeconds = 0} = {}): MasterOptions => {
    mkdirSync(at('bin'), {recursive: true})
    const script = `#!/bin/sh\necho started >> ${at('started')}\nexec sleep ${takes}\n`
    writeFileSync(at('bin', 'ssh'), script, {mode: 0o755})
    writeFileSync(at('config'), '')
    return {
      configFile: at('config'),
      alias: 'x',
      controlPath: controlPath(),
      folder: folder.path,
      sleptSeconds,
      env: {PATH: `${at('bin')}:${process.env['PATH']}`},
      route: [],
    }
  }
  const starts = (): number =>
    existsSync(at('started')) ? readFileSync(at('started'), 'utf8').split('\n').length - 1 : 0
  const start = () => startMaster(options(), deadlineIn(10_000, new AbortController().signal))

  it('that is alive is used as it is', async () => {
    await alive()
    assert.equal(await isMasterAlive(controlPath()), true)
    assert.deepEqual(await start(), {isUp: true})
    assert.equal(starts(), 0)
  })

  it('that is silent is none, and its socket is taken away before another is started: ssh would wait for it for ever', async () => {
    await silent()
    assert.equal(await isMasterAlive(controlPath()), false)
    const result = await start()
    assert.deepEqual([result.isUp, starts(), existsSync(controlPath())], [false, 1, false])
  })

  it('that is silent gets no rival in the background: it may only be busy', async () => {
    await silent()
    await startMasterInBackground(options())
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(starts(), 0)
    assert.equal(existsSync(controlPath()), true)
  })

  it('is started in the background where nobody listens, or there is none', async () => {
    writeFileSync(controlPath(), '')
    await startMasterInBackground(options())
    while (starts() === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  })

  it('gets the folder of its socket made again, where that went with the last login or with /tmp', async () => {
    rmSync(dirname(controlPath()), {recursive: true})
    assert.equal(await isMasterAlive(controlPath()), false)
    await start()
    assert.equal(starts(), 1)
    assert.deepEqual(readdirSync(dirname(controlPath())), [])
  })

  it('is started by one of many commands at once, and by the next one when that start came to nothing', async () => {
    const slow = options({takes: 1})
    await Promise.all(Array.from({length: 50}, () => startMasterInBackground(slow)))
    while (starts() === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    await startMasterInBackground(slow)
    assert.equal(starts(), 1)
    const {pid = 0} = (await readStart(folder.path)) ?? {}
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
    await startMasterInBackground(slow)
    while (starts() === 1) await new Promise((resolve) => setTimeout(resolve, 10))
  })

  it('that is about to come up is ended with its session; one of us who is about to start it is not', async () => {
    await startMasterInBackground(options({takes: 60}))
    const note = readFileSync(at('master'), 'utf8')
    const {pid = 0} = (await readStart(folder.path)) ?? {}
    const [, line = ''] = note.split('\n')
    assert.ok(line.startsWith(`${pid} `))
    writeFileSync(at('master'), `claim ${line}\n`)
    await endStart(folder.path)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.ok(isAlive(pid))
    writeFileSync(at('master'), note)
    await endStart(folder.path)
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
  })

  it('that several are about to start is ended with its session, whichever it would have been', async () => {
    const deadline = deadlineIn(10_000, new AbortController().signal)
    const both = [1, 2].map(() => startMaster(options({takes: 60}), deadline))
    const noted = (): number =>
      existsSync(at('master')) ? readFileSync(at('master'), 'utf8').split('\n').length - 1 : 0
    while (noted() < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    await endStart(folder.path)
    for (const one of await Promise.all(both)) assert.ok(!one.isUp && one.ending !== 'timed out')
  })

  it('is ended at once where its session has gone since', async () => {
    const gone = options({takes: 60})
    rmSync(at('config'))
    await startMasterInBackground(gone)
    const {pid = 0} = (await readStart(folder.path)) ?? {}
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
  })

  it('is started although the note of an earlier start names a process that is somebody else now', async () => {
    writeFileSync(at('master'), `${process.pid} 0.0 long ago\n`)
    await startMasterInBackground(options())
    while (starts() === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  })

  /** A master that was started when the machine had slept for 100 s; gives the requests that it gets, by their types. */
  const startedAt100 = async (): Promise<readonly number[]> => {
    const requests: number[] = []
    await startMaster(options({sleptSeconds: 100}), deadlineIn(10_000, new AbortController().signal))
    await listen((socket) =>
      socket.once('data', (bytes: Buffer) => {
        requests.push(bytes.readUInt32BE(16))
        socket.end()
      }),
    )
    return requests
  }
  const STOP = 0x10000009
  for (const [what, sleptSeconds, expected] of [
    ['no more', 100, []],
    ['for a moment', 109, []],
    ['for a minute', 160, [STOP]],
  ] as const) {
    it(`under which the machine slept ${what} ${expected.length === 0 ? 'is kept' : 'takes no new clients'}`, async () => {
      const requests = await startedAt100()
      await retireSleptMaster({controlPath: controlPath(), folder: folder.path}, sleptSeconds)
      assert.deepEqual(requests, expected)
    })
  }

  it('is not asked on a machine that never slept, nor where nothing is known of its start', async () => {
    const requests = await startedAt100()
    await retireSleptMaster({controlPath: controlPath(), folder: folder.path}, 3)
    rmSync(at('master'))
    await retireSleptMaster({controlPath: controlPath(), folder: folder.path}, 1000)
    assert.deepEqual(requests, [])
  })

  for (const [what, harm] of Object.entries({
    'is open to others': (path: string) => chmodSync(path, 0o777),
    // Only root can give a folder away; to others it is one that they may not look into.
    'belongs to another user': (path: string) =>
      process.getuid?.() === 0 ? chownSync(path, 65_534, 65_534) : chmodSync(path, 0o707),
    'is a link': (path: string) => {
      rmSync(path, {recursive: true})
      mkdirSync(at('elsewhere'), {mode: 0o700})
      symlinkSync(at('elsewhere'), path)
    },
  })) {
    it(`is not spoken to where the folder of its socket ${what}: whoever answers there would get our streams`, async () => {
      harm(dirname(controlPath()))
      let connections = 0
      await listen((socket) => {
        connections += 1
        socket.once('data', () => socket.write(Buffer.concat([HELLO, ALIVE])))
      })
      assert.equal(await isMasterAlive(controlPath()), false)
      await stopMaster(controlPath(), {now: true})
      const given = options()
      assert.deepEqual(await startMaster(given, deadlineIn(10_000, new AbortController().signal)), {
        isUp: false,
        ending: 'impossible',
      })
      await startMasterInBackground(given)
      assert.deepEqual([connections, starts()], [0, 0])
    })
  }
})
