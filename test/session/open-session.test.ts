import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {createServer, type Server} from 'node:net'
import {basename, dirname, join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {renderConfig} from '../../src/openssh/render-config.ts'
import {RefusedError} from '../../src/provider/refusal.ts'
import {dropSession} from '../../src/session/drop-session.ts'
import {type Mint, type OpenSessionOptions, openSession} from '../../src/session/open-session.ts'
import type {Now, Session} from '../../src/session/session.ts'
import {readCurrentSession, sessionsFolder} from '../../src/session/session-store.ts'
import {outcomeOf, startProgram} from '../support/start-program.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'
import {exampleMint, exampleOwner as owner} from './example-session.ts'

const START: Now = {date: new Date('2030-01-01T00:00:00Z'), uptimeSeconds: 1000, sleptSeconds: 0}
const later = (seconds: number): Now => ({
  date: new Date(START.date.getTime() + seconds * 1000),
  uptimeSeconds: START.uptimeSeconds + seconds,
  sleptSeconds: 0,
})

describe('openSession()', () => {
  const folder = temporaryFolder()
  let mints: string[]

  beforeEach(() => {
    mints = []
  })

  const state = (): string => join(folder.path, 'state')
  const generations = (): string[] => readdirSync(sessionsFolder(state(), owner)).filter((name) => name.startsWith('g'))
  const open = ({at = START, answer = exampleMint(), ...options}: Partial<OpenSessionOptions> & Change = {}) =>
    openSession({
      owner,
      state: state(),
      socketFolders: [join(folder.path, 's')],
      env: process.env,
      now: () => at,
      deadline: deadlineIn(15_000, new AbortController().signal),
      force: false,
      route: [],
      mint: async (publicKey) => {
        mints.push(publicKey)
        if (answer instanceof Error) throw answer
        return answer
      },
      ...options,
    })

  it('mints with a new public key and writes a whole generation, each file 0600 and the key never elsewhere', async () => {
    const {session, isReused, isPinChanged} = await open()
    const at = (name: string): string => join(session.folder, name)
    assert.deepEqual([isReused, isPinChanged], [false, false])
    assert.deepEqual(mints, [readFileSync(at('id_ed25519.pub'), 'utf8').trim()])
    const {bundle, lifetimeSeconds} = exampleMint()
    const {host, port, user, hostKeys} = bundle
    assert.deepEqual(session, {
      ...owner,
      folder: join(sessionsFolder(state(), owner), generations()[0] ?? ''),
      title: 'calm-reed',
      alias: 'runcode-calm-reed',
      configFile: at('config'),
      controlPath: session.controlPath,
      ...{host, port, user, hostKeys, lifetimeSeconds},
      workdir: '/home/ubuntu/workspace',
      webUrl: 'https://calm-reed.example.com/',
      mintedAt: START.date,
      mintedAtUptimeSeconds: 1000,
    } satisfies Session)
    assert.deepEqual(readdirSync(session.folder), [
      'config',
      'id_ed25519',
      'id_ed25519.pub',
      'known_hosts',
      'session.json',
    ])
    for (const name of ['config', 'id_ed25519', 'known_hosts', 'session.json'])
      assert.equal(statSync(at(name)).mode & 0o777, 0o600, name)
    assert.equal(statSync(session.folder).mode & 0o777, 0o700)
    assert.equal(
      readFileSync(at('config'), 'utf8'),
      renderConfig({
        ...session,
        identityFile: at('id_ed25519'),
        certificateFile: undefined,
        knownHostsFile: at('known_hosts'),
        route: [],
      }),
    )
    assert.equal(
      readFileSync(at('known_hosts'), 'utf8'),
      hostKeys.map(({type, base64}) => `[ssh.example.com]:2222 ${type} ${base64}\n`).join(''),
    )
    assert.equal(readFileSync(at('session.json'), 'utf8').includes('PRIVATE'), false)
    assert.deepEqual(readdirSync(sessionsFolder(state(), owner)).toSorted(), ['current', ...generations()])
  })

  it('is read back from disk as it was', async () => {
    const {session} = await open()
    assert.deepEqual(await readCurrentSession(state(), owner), session)
    assert.deepEqual(await open({at: later(5)}), {session, isReused: true, isPinChanged: false})
    assert.equal(mints.length, 1)
  })

  it('reuses a pass until 90 seconds before its end, and then takes a new one', async () => {
    const {session} = await open()
    assert.deepEqual((await open({at: later(1709)})).session, session)
    const next = await open({at: later(1710)})
    assert.equal(next.isReused, false)
    assert.notEqual(next.session.folder, session.folder)
    assert.notEqual(mints[0], mints[1])
  })

  it('takes a new pass where it is told to, and never on the control socket of the old one', async () => {
    const first = await open()
    const second = await open({force: true, at: later(1)})
    assert.equal(second.isReused, false)
    assert.notEqual(second.session.controlPath, first.session.controlPath)
    assert.deepEqual(generations().length, 2)
  })

  for (const [what, refusal] of Object.entries({
    'the control plane refuses': new RangeError('refused'),
    'the answer cannot be written as a config': null,
  })) {
    it(`leaves everything as it was where ${what}`, async () => {
      const {session} = await open()
      const before = readdirSync(sessionsFolder(state(), owner)).toSorted()
      const bad = {...exampleMint(), bundle: {...exampleMint().bundle, hostKeys: undefined}} as unknown as Mint
      await assert.rejects(open({force: true, answer: refusal ?? bad}))
      assert.deepEqual(readdirSync(sessionsFolder(state(), owner)).toSorted(), before)
      assert.deepEqual((await open()).session, session)
    })
  }

  it('leaves nothing behind where the very first mint is refused, or ssh-keygen is missing', async () => {
    await assert.rejects(open({answer: new RangeError('refused')}), RangeError)
    await assert.rejects(open({env: {PATH: folder.path}}), {code: 'missing_program'})
    assert.deepEqual(readdirSync(folder.path, {recursive: true}), ['state'])
    assert.equal(mints.length, 1)
  })

  it('mints once for ten that ask at once in a process', async () => {
    const opened = await Promise.all(Array.from({length: 10}, () => open()))
    assert.equal(mints.length, 1)
    assert.equal(new Set(opened.map(({session}) => session.folder)).size, 1)
    assert.equal(opened.filter(({isReused}) => !isReused).length, 1)
  })

  it('mints once more for five that force it at once', async () => {
    await open()
    await Promise.all(Array.from({length: 5}, () => open({force: true})))
    assert.equal(mints.length, 2)
  })

  it('asks a control plane that refuses once for ten that ask at once, and tells all ten', async () => {
    const answer = new RefusedError('unavailable', 'Not now.', {status: 503})
    const mint = async (publicKey: string): Promise<Mint> => {
      mints.push(publicKey)
      await new Promise((resolve) => setTimeout(resolve, 100))
      throw answer
    }
    for (const force of [false, true]) {
      mints = []
      const outcomes = await Promise.allSettled(Array.from({length: 10}, () => open({mint, force})))
      assert.equal(mints.length, 1)
      for (const outcome of outcomes) {
        assert.equal(outcome.status === 'rejected' && outcome.reason.message, answer.message)
      }
    }
    // Who comes later asks anew.
    await assert.rejects(open({mint}), {code: 'unavailable'})
    assert.equal(mints.length, 2)
    // A session at hand clears it away.
    await open()
    assert.deepEqual(readdirSync(sessionsFolder(state(), owner)).toSorted(), ['current', ...generations()])
  })

  it('lets who waits ask for itself where the first was interrupted, or found a fault of its own', async () => {
    for (const failure of ['interrupted', 'broken']) {
      mints = []
      const interrupted = new AbortController()
      const first = open({
        deadline: deadlineIn(15_000, interrupted.signal),
        force: true,
        mint: async (publicKey) => {
          mints.push(publicKey)
          await new Promise((resolve) => setTimeout(resolve, 200))
          if (failure === 'broken') throw new RangeError('broken')
          interrupted.abort()
          throw new RefusedError('network', 'aborted', {})
        },
      })
      while (mints.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      const second = open({force: true})
      await assert.rejects(first)
      assert.equal((await second).isReused, false)
      assert.equal(mints.length, 2)
    }
  })

  it('mints once for five whose session the gateway turned away', async () => {
    const {session} = await open()
    const renewed = await Promise.all(Array.from({length: 5}, () => open({refused: session})))
    assert.equal(mints.length, 2)
    assert.equal(new Set(renewed.map((one) => one.session.folder)).size, 1)
    // One that comes late with the same session finds the new one.
    assert.deepEqual((await open({refused: session})).session, renewed[0]?.session)
    assert.equal(mints.length, 2)
  })

  it('gives the new session though an old one cannot be cleared away', async () => {
    const {session} = await open()
    const file = join(session.folder, 'session.json')
    // Below a file nothing can be removed.
    writeFileSync(file, JSON.stringify({...JSON.parse(readFileSync(file, 'utf8')), controlPath: '/dev/null/x'}))
    const next = await open({force: true, at: later(5000)})
    assert.equal(next.isReused, false)
    assert.equal(existsSync(session.folder), true)
    assert.deepEqual((await open({at: later(5001)})).session, next.session)
  })

  it('mints once for two processes that ask at once', async () => {
    const log = join(folder.path, 'mints')
    const program = new URL('open-session-program.ts', import.meta.url)
    const outcomes = await Promise.all([1, 2].map(() => outcomeOf(startProgram(program, [state(), log]))))
    assert.deepEqual(
      outcomes,
      [1, 2].map(() => ({code: 0, stdout: join(sessionsFolder(state(), owner), generations()[0] ?? '')})),
    )
    assert.equal(readFileSync(log, 'utf8').split('\n').length, 2)
  })

  it('never uses the pass of one control plane for another', async () => {
    const {session} = await open()
    const elsewhere = {...owner, origin: 'https://other.example.com'}
    const other = await open({owner: elsewhere})
    assert.deepEqual([other.isReused, other.session.origin], [false, 'https://other.example.com'])
    assert.equal(await readCurrentSession(state(), owner), undefined)
    assert.notEqual(session.folder, other.session.folder)
  })

  it('drops no session of another control plane than the one that is meant', async () => {
    const elsewhere = {...owner, origin: 'https://other.example.com'}
    const {session} = await open({owner: elsewhere})
    assert.equal(await dropSession(state(), owner, deadlineIn(5000, new AbortController().signal)), false)
    assert.deepEqual(await readCurrentSession(state(), elsewhere), session)
    const any = {...owner, origin: undefined}
    assert.equal(await dropSession(state(), any, deadlineIn(5000, new AbortController().signal)), true)
    assert.equal(existsSync(session.folder), false)
  })

  it('reports that the pins changed, and not that their order did', async () => {
    const {bundle, ...rest} = exampleMint()
    await open()
    const turned = {...rest, bundle: {...bundle, hostKeys: bundle.hostKeys.toReversed()}}
    assert.equal((await open({force: true, answer: turned})).isPinChanged, false)
    assert.equal((await open({force: true, answer: exampleMint({pin: 'B'})})).isPinChanged, true)
    assert.equal((await open({force: true, answer: exampleMint({pin: 'B'})})).isPinChanged, false)
  })

  describe('takes a new pass, without a crash, where', () => {
    const damage = (name: string, text: string) => async (session: Session) =>
      writeFileSync(join(session.folder, name), text)
    const json = (change: Readonly<Record<string, unknown>>) => async (session: Session) => {
      const path = join(session.folder, 'session.json')
      writeFileSync(path, JSON.stringify({...JSON.parse(readFileSync(path, 'utf8')), ...change}))
    }
    const pointer = (text: string) => async () => writeFileSync(join(sessionsFolder(state(), owner), 'current'), text)
    for (const [what, harm] of Object.entries({
      'session.json is empty': damage('session.json', ''),
      'session.json is cut': damage('session.json', '{"version":1,'),
      'session.json is null': damage('session.json', 'null'),
      'session.json is a list': damage('session.json', '[]'),
      'session.json has another version': json({version: 2}),
      'session.json has a port in text': json({port: '22'}),
      'session.json has no moment': json({mintedAt: 'yesterday'}),
      'session.json has no pins in its list': json({hostKeys: [null]}),
      'session.json has another id': json({workspaceId: '../x'}),
      'session.json is that of another workspace': json({workspaceId: '42'}),
      'session.json is that of another account': json({account: 'other'}),
      'session.json leads to a config elsewhere': json({configFile: '/tmp/config'}),
      'the pointer is empty': pointer(''),
      'the pointer leads out of the folder': pointer('../../../etc'),
      'the pointer leads to nothing': pointer(`g${'0'.repeat(24)}\n`),
      'the pointer leads to its own folder': pointer('.'),
      'the pointer has a name behind its name': pointer(`g${'0'.repeat(24)}/../x\n`),
      'session.json is of the future': json({mintedAt: '9999-12-31T23:59:59Z', lifetimeSeconds: -1}),
      'session.json has a life that is no number': json({lifetimeSeconds: '1800'}),
      'the generation is a link': async ({folder: generation}: Session) => {
        renameSync(generation, join(folder.path, 'moved'))
        symlinkSync(join(folder.path, 'moved'), generation)
      },
      'the generation is open to others': async ({folder: generation}: Session) => chmodSync(generation, 0o755),
      'the generation is a file': async ({folder: generation}: Session) => {
        rmSync(generation, {recursive: true})
        writeFileSync(generation, '')
      },
    })) {
      it(what, async () => {
        const {session} = await open()
        await harm(session)
        const next = await open()
        assert.equal(next.isReused, false)
        assert.deepEqual((await open()).session, next.session)
      })
    }

    it('the generation belongs to another user', async () => {
      const {session} = await open()
      // Only root can give a folder away; for others it is one that cannot be opened.
      if (process.getuid?.() === 0) chownSync(session.folder, 65_534, 65_534)
      else chmodSync(session.folder, 0)
      assert.equal((await open()).isReused, false)
    })

    it('the state folder was moved', async () => {
      await open()
      renameSync(state(), join(folder.path, 'elsewhere'))
      assert.equal((await open({state: join(folder.path, 'elsewhere')})).isReused, false)
    })
  })

  describe('refuses with unsafe_folder', () => {
    const chain = (): readonly string[] => {
      const workspace = sessionsFolder(state(), owner)
      return [state(), dirname(dirname(workspace)), dirname(workspace), workspace]
    }
    for (const at of [0, 1, 2, 3]) {
      for (const [what, harm] of Object.entries({
        'open to others': (path: string) => chmodSync(path, 0o775),
        'a link': (path: string) => {
          renameSync(path, join(folder.path, 'moved'))
          symlinkSync(join(folder.path, 'moved'), path)
        },
      })) {
        it(`a folder ${at} below the state folder that is ${what}: ssh is handed a config of it`, async () => {
          await open()
          const path = chain()[at] ?? ''
          harm(path)
          const expected = {code: 'unsafe_folder', exit: 1, facts: {path}}
          await assert.rejects(readCurrentSession(state(), owner), expected)
          await assert.rejects(open(), expected)
        })
      }
    }
  })

  describe('sweeps', () => {
    it('old generations when their pass is over, and not before', async () => {
      await open()
      await open({force: true, at: later(10)})
      assert.equal(generations().length, 2)
      const {session} = await open({force: true, at: later(1805)})
      assert.equal(generations().length, 2)
      await open({force: true, at: later(5000)})
      assert.equal(generations().length, 1)
      assert.equal(existsSync(session.folder), false)
    })

    it('generations that were never finished', async () => {
      const stray = join(sessionsFolder(state(), owner), `g${'a'.repeat(24)}`)
      mkdirSync(stray, {recursive: true, mode: 0o700})
      writeFileSync(join(stray, 'id_ed25519'), 'x')
      await open()
      assert.equal(existsSync(stray), false)
    })

    it('nothing that is not its own', async () => {
      mkdirSync(join(sessionsFolder(state(), owner), 'notes'), {recursive: true, mode: 0o700})
      await open()
      assert.equal(existsSync(join(sessionsFolder(state(), owner), 'notes')), true)
    })
  })

  describe('dropSession()', () => {
    const drop = () => dropSession(state(), owner, deadlineIn(15_000, new AbortController().signal))
    let master: Server | undefined

    afterEach(() => void master?.close())

    it('leaves nothing, and says whether there was something', async () => {
      await open()
      await open({force: true})
      assert.equal(await drop(), true)
      assert.deepEqual(readdirSync(state()), [])
      assert.equal(await drop(), false)
    })

    it('loses no session and leaves no key where sessions are opened meanwhile', async function () {
      this.timeout(60_000)
      for (let time = 0; time < 5; time += 1) {
        const dropping = Promise.all(Array.from({length: 4}, drop))
        const opened = await Promise.all(Array.from({length: 4}, () => open({force: time % 2 === 0})))
        await dropping
        const current = await readCurrentSession(state(), owner)
        // The last word has one of them: all is there, or nothing is.
        if (current === undefined) assert.equal(existsSync(sessionsFolder(state(), owner)), false)
        else {
          assert.deepEqual(
            opened.some(({session}) => session.folder === current.folder),
            true,
          )
          assert.deepEqual(generations(), [basename(current.folder)])
        }
      }
      await drop()
      assert.deepEqual(readdirSync(state()), [])
    })

    it('leaves the sessions of other workspaces alone', async () => {
      await open()
      const other = {...owner, workspaceId: '42' as Session['workspaceId']}
      const {session} = await open({owner: other})
      await drop()
      assert.deepEqual(await readCurrentSession(state(), other), session)
    })

    it('tells the master of each generation to end at once', async () => {
      const {session} = await open()
      const requests: string[] = []
      master = createServer((socket) =>
        socket.on('data', (bytes) => {
          requests.push(bytes.toString('hex'))
          socket.end(Buffer.from('00000008800000010000000000', 'hex'))
        }),
      )
      await new Promise<void>((resolve) => master?.listen(session.controlPath, resolve))
      assert.equal(await drop(), true)
      assert.deepEqual(requests, ['000000080000000100000004' + '000000081000000500000000'])
      assert.equal(existsSync(session.controlPath ?? ''), false)
    })
  })
})

interface Change {
  readonly at?: Now
  readonly answer?: Mint | Error
}
