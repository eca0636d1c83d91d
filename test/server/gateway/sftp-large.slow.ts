import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {createHash, randomBytes} from 'node:crypto'
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import {join} from 'node:path'
import {pipeline} from 'node:stream/promises'
import {BRAVE, collect, type GatewayFixture, openGateway} from './gateway-fixture.ts'

describe('sftp of much', () => {
  let fixture: GatewayFixture
  let home: string
  before(async () => {
    fixture = await openGateway()
    home = fixture.path(`workspaces/${BRAVE.title}/home`)
  })
  after(() => fixture.close())

  const sftp = async (...lines: readonly string[]): Promise<string> => {
    const args = ['-F', fixture.path('config'), '-q', '-b', '-', `${BRAVE.title}@gateway`]
    const {stdout, stderr, ending} = await collect(spawn('sftp', args, {cwd: fixture.folder}), lines.join('\n'))
    assert.deepEqual(ending, {kind: 'exited', code: 0}, stderr)
    return stdout.toString()
  }

  it('takes 256 MiB there and back byte for byte, and costs the server little memory', async () => {
    const whole = openSync(fixture.path('whole'), 'w')
    for (let i = 0; i < 256; i += 1) writeSync(whole, randomBytes(1 << 20))
    closeSync(whole)
    const before = process.memoryUsage().rss
    let grownBytes = 0
    let serverBytes = 0
    const watch = setInterval(() => {
      grownBytes = Math.max(grownBytes, process.memoryUsage().rss - before)
      serverBytes = Math.max(serverBytes, ...sftpServers(home).map(residentBytes))
    }, 500)
    await sftp('put whole whole', 'get whole back')
    clearInterval(watch)
    const expected = await hashOf(fixture.path('whole'))
    assert.equal(await hashOf(join(home, 'whole')), expected)
    assert.equal(await hashOf(fixture.path('back')), expected)
    assert.ok(grownBytes < 100 << 20, `the gateway grew by ${grownBytes} bytes`)
    assert.ok(serverBytes > 0 && serverBytes < 80 << 20, `the SFTP server has ${serverBytes} bytes`)
  })

  it('lists 10,000 files', async () => {
    mkdirSync(join(home, 'many'))
    const names = Array.from({length: 10_000}, (_, i) => `file-${i}`)
    for (const name of names) writeFileSync(join(home, 'many', name), '')
    const told = (await sftp('ls -1 many')).split('\n').filter((line) => line.startsWith('many/'))
    assert.deepEqual(told.toSorted(), names.map((name) => `many/${name}`).toSorted())
  })

  it('takes a tree of 2,000 small files there and back', async () => {
    mkdirSync(fixture.path('tree'))
    for (let i = 0; i < 2000; i += 1) writeFileSync(fixture.path(`tree/${i}`), `content of ${i}`)
    await sftp('put -R tree tree', 'get -R tree returned')
    assert.equal(readdirSync(fixture.path('returned')).length, 2000)
    for (let i = 0; i < 2000; i += 1)
      assert.equal(readFileSync(fixture.path(`returned/${i}`), 'utf8'), `content of ${i}`)
  })
})

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Those that run in this folder. */
const sftpServers = (folder: string): string[] =>
  readdirSync('/proc').filter(
    (name) =>
      /^\d+$/.test(name) && /sftp-server\.js\0$/.test(textOf(`/proc/${name}/cmdline`)) && cwdOf(name) === folder,
  )

const cwdOf = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

const residentBytes = (pid: string): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) * 1024

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
