import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {MalformedPacketError} from '../../../src/server/sftp/fields.ts'
import {MAX_HANDLES} from '../../../src/server/sftp/handles.ts'
import {MAX_DATA_BYTES, MAX_PACKET_BYTES, REPLY, REQUEST, STATUS} from '../../../src/server/sftp/protocol.ts'
import {createSftpSession} from '../../../src/server/sftp/sftp-session.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'
import {type Answer, type Field, INIT, parseAnswer, request} from './raw-sftp.ts'

const READ = 0x1
const WRITE = 0x2
const CREAT = 0x8
const MODE = 4
const NO_ATTRIBUTES = 0

describe('an SFTP session', () => {
  const folder = temporaryFolder()
  let session: (packet: Buffer) => readonly Buffer[]
  beforeEach(() => {
    session = createSftpSession({home: folder.path, now: () => 0})
    session(INIT)
  })

  // As the end of the program would. Handles are numbers, from 0 on.
  afterEach(() => {
    for (let i = 0; i < 2500; i += 1) session(request(REQUEST.close, 1, String(i)))
  })

  const path = (name: string): string => join(folder.path, name)
  /** The answer, whose length is what it says. */
  const ask = (type: number, ...fields: readonly Field[]): Answer => {
    const answer = Buffer.concat(session(request(type, 7, ...fields)))
    assert.equal(answer.readUInt32BE(), answer.length - 4)
    assert.ok(answer.length - 4 <= MAX_PACKET_BYTES)
    const parsed = parseAnswer(answer.subarray(4))
    assert.equal(parsed.id, 7)
    return parsed
  }
  const statusOf = (type: number, ...fields: readonly Field[]): number => {
    const answer = ask(type, ...fields)
    assert.equal(answer.type, REPLY.status)
    return answer.fields.uint32()
  }
  const open = (name: string, flags: number): Buffer =>
    Buffer.from(ask(REQUEST.open, path(name), flags, NO_ATTRIBUTES).fields.bytes())
  /** Every name that a directory tells, read to its end. */
  const namesIn = (name: string): Buffer[] => {
    const handle = Buffer.from(ask(REQUEST.opendir, path(name)).fields.bytes())
    const names: Buffer[] = []
    for (;;) {
      const {type, fields} = ask(REQUEST.readdir, handle)
      if (type === REPLY.status) return names
      for (let left = fields.uint32(); left > 0; left -= 1) {
        names.push(Buffer.from(fields.bytes()))
        fields.bytes()
        for (let field = 0; field < 8; field += 1) fields.uint32()
      }
    }
  }

  it('tells its version and what it can do beyond it', () => {
    const answer = Buffer.concat(createSftpSession({home: '/', now: () => 0})(INIT))
    assert.deepEqual([answer[4], answer.readUInt32BE(5)], [REPLY.version, 3])
    for (const name of ['posix-rename', 'hardlink', 'fsync', 'lsetstat', 'statvfs', 'limits', 'expand-path'])
      assert.equal(answer.includes(`${name}@openssh.com`), true, name)
  })

  it('begins with init, which comes once', () => {
    const fresh = createSftpSession({home: '/', now: () => 0})
    assert.throws(() => fresh(request(REQUEST.stat, 1, '/')), MalformedPacketError)
    assert.throws(() => session(INIT), MalformedPacketError)
  })

  it('answers a request that it does not know with that it does not', () => {
    for (const type of [0, 2, 21, 101, 255]) assert.equal(statusOf(type, 'x'), STATUS.unsupported)
    assert.equal(statusOf(REQUEST.extended, 'toString', 'x'), STATUS.unsupported)
  })

  it('refuses a path with a NUL and goes on', () => {
    writeFileSync(path('file'), 'x')
    const cut = `${path('file')}\0.txt`
    assert.equal(statusOf(REQUEST.stat, cut), STATUS.badMessage)
    assert.equal(statusOf(REQUEST.open, cut, WRITE | CREAT, NO_ATTRIBUTES), STATUS.badMessage)
    assert.equal(statusOf(REQUEST.remove, cut), STATUS.badMessage)
    assert.equal(statusOf(REQUEST.symlink, cut, path('link')), STATUS.badMessage)
    assert.equal(statusOf(REQUEST.extended, 'posix-rename@openssh.com', path('file'), cut), STATUS.badMessage)
    assert.deepEqual(readdirSync(folder.path), ['file'])
  })

  it('takes a request that is cut short for no request, and does nothing of it', () => {
    writeFileSync(path('file'), 'x')
    mkdirSync(path('dir'))
    const handle = open('file', READ | WRITE)
    const requests = [
      request(REQUEST.open, 1, path('new'), WRITE | CREAT, MODE, 0o644),
      request(REQUEST.write, 1, handle, 0n, 'abc'),
      request(REQUEST.mkdir, 1, path('new'), MODE, 0o755),
      request(REQUEST.remove, 1, path('file')),
      request(REQUEST.rmdir, 1, path('dir')),
      request(REQUEST.setstat, 1, path('file'), 0x8000000f, 0n, 0, 0, 0, 0, 0, 1, 'a', 'b'),
      request(REQUEST.fsetstat, 1, handle, 0x1, 0n),
      request(REQUEST.rename, 1, path('file'), path('new')),
      request(REQUEST.symlink, 1, 'x', path('new')),
      request(REQUEST.close, 1, handle),
      request(REQUEST.extended, 1, 'posix-rename@openssh.com', path('file'), path('new')),
    ]
    for (const whole of requests)
      for (let length = 1; length < whole.length; length += 1)
        assert.throws(() => session(whole.subarray(0, length)), MalformedPacketError)
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['dir', 'file'])
    assert.equal(readFileSync(path('file'), 'utf8'), 'x')
    assert.equal(ask(REQUEST.fstat, handle).type, REPLY.attributes)
  })

  it('takes a count of attributes that are not there for a packet that is none', () => {
    assert.throws(() => session(request(REQUEST.setstat, 1, path('x'), 0x80000000, 0xffffffff)), MalformedPacketError)
    assert.throws(() => session(request(REQUEST.stat, 1, 0xffffffff)), MalformedPacketError)
  })

  it('whatever comes, answers with one packet or takes it for none', () => {
    writeFileSync(path('file'), 'content')
    const handle = open('file', READ)
    const harmless = [REQUEST.close, REQUEST.read, REQUEST.lstat, REQUEST.fstat, REQUEST.opendir, REQUEST.readdir]
    const types = fc.constantFrom(...harmless, REQUEST.realpath, REQUEST.readlink, REQUEST.stat, 0, 99)
    const field = fc.oneof<fc.Arbitrary<Field>[]>(
      fc.integer({min: 0, max: 0xffffffff}),
      fc.bigInt({min: 0n, max: (1n << 64n) - 1n}),
      fc.uint8Array({maxLength: 300}).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(handle, path('file'), path('')),
    )
    fc.assert(
      fc.property(types, fc.array(field, {maxLength: 5}), fc.uint8Array({maxLength: 40}), (type, fields, rest) => {
        try {
          const answer = Buffer.concat(session(Buffer.concat([request(type, 9, ...fields), rest])))
          assert.equal(answer.readUInt32BE(), answer.length - 4)
          assert.equal(answer.readUInt32BE(5), 9)
        } catch (error) {
          assert.ok(error instanceof MalformedPacketError)
        }
      }),
      {numRuns: 2000},
    )
  })

  it(`opens ${MAX_HANDLES} files and no more, and makes none that it does not open`, () => {
    writeFileSync(path('file'), '')
    const handles = Array.from({length: MAX_HANDLES}, () => open('file', READ))
    assert.equal(statusOf(REQUEST.open, path('new'), WRITE | CREAT, NO_ATTRIBUTES), STATUS.failure)
    assert.equal(statusOf(REQUEST.opendir, folder.path), STATUS.failure)
    assert.equal(existsSync(path('new')), false)
    assert.equal(statusOf(REQUEST.close, handles[0] ?? ''), STATUS.ok)
    handles[0] = open('new', WRITE | CREAT)
    for (const handle of handles) assert.equal(statusOf(REQUEST.close, handle), STATUS.ok)
  })

  it('closes the descriptors of files and directories', () => {
    if (process.platform !== 'linux') return
    const count = (): number => readdirSync('/proc/self/fd').length
    writeFileSync(path('file'), '')
    const before = count()
    const handles = [open('file', READ), Buffer.from(ask(REQUEST.opendir, folder.path).fields.bytes())]
    assert.equal(count(), before + 2)
    for (const handle of handles) assert.equal(statusOf(REQUEST.close, handle), STATUS.ok)
    assert.equal(count(), before)
  })

  it('never gives a handle twice: a closed one reaches no other file', () => {
    writeFileSync(path('one'), 'one')
    const first = open('one', READ)
    ask(REQUEST.close, first)
    const second = open('two', WRITE | CREAT)
    assert.notDeepEqual(first, second)
    assert.equal(statusOf(REQUEST.write, first, 0n, 'x'), STATUS.failure)
    assert.equal(readFileSync(path('two'), 'utf8'), '')
  })

  it('gives no more than fits into a packet, however much is asked for', () => {
    writeFileSync(path('file'), Buffer.alloc(MAX_PACKET_BYTES, 5))
    const handle = open('file', READ)
    assert.equal(ask(REQUEST.read, handle, 0n, 0xffffffff).fields.bytes().length, MAX_DATA_BYTES)
  })

  it('keeps what was written where a file is very long and nearly empty', () => {
    const handle = open('sparse', READ | WRITE | CREAT)
    const offset = 1n << 40n
    assert.equal(statusOf(REQUEST.write, handle, offset, 'end'), STATUS.ok)
    assert.equal(
      ask(REQUEST.read, handle, offset - 1n, 10)
        .fields.bytes()
        .toString(),
      '\0end',
    )
    assert.equal(statSync(path('sparse')).size, 2 ** 40 + 3)
    assert.ok(statSync(path('sparse')).blocks < 100)
  })

  it('refuses offsets and sizes beyond what a number holds, and writes nothing for them', () => {
    const handle = open('file', READ | WRITE | CREAT)
    for (const offset of [(1n << 53n) + 1n, 1n << 63n, (1n << 64n) - 1n]) {
      assert.equal(statusOf(REQUEST.write, handle, offset, 'x'), STATUS.badMessage)
      assert.equal(statusOf(REQUEST.read, handle, offset, 1), STATUS.badMessage)
      assert.equal(statusOf(REQUEST.fsetstat, handle, 0x1, offset), STATUS.badMessage)
    }
    assert.equal(statSync(path('file')).size, 0)
  })

  it('tells names as the bytes that they are, and reaches by them the file they name', () => {
    const names = [
      Buffer.from([0xff]),
      Buffer.from([0xfe]),
      Buffer.from('�'),
      Buffer.from('a\nb'),
      Buffer.from(' '),
      Buffer.from('\u00e4'),
      Buffer.from('a\u0308'),
      Buffer.from('-rf'),
    ]
    const at = (name: Buffer): Buffer => Buffer.concat([Buffer.from(`${folder.path}/`), name])
    for (const [index, name] of names.entries()) {
      const handle = Buffer.from(ask(REQUEST.open, at(name), WRITE | CREAT, NO_ATTRIBUTES).fields.bytes())
      ask(REQUEST.write, handle, 0n, String(index))
      ask(REQUEST.close, handle)
    }
    const told = namesIn('').map((name) => name.toString('latin1'))
    const expected = [...names, Buffer.from('.'), Buffer.from('..')].map((name) => name.toString('latin1'))
    assert.deepEqual(told.toSorted(), expected.toSorted())
    for (const [index, name] of names.entries())
      assert.equal(readFileSync(at(name), 'utf8'), String(index), name.toString('latin1'))
  })

  it('lists 3,000 entries, each once, with the longest names there are', () => {
    mkdirSync(path('many'))
    const names = Array.from({length: 3000}, (_, i) => String(i).padStart(255, 'n'))
    for (const name of names) writeFileSync(path(`many/${name}`), '')
    const told = namesIn('many').map(String)
    assert.equal(told.length, names.length + 2)
    assert.deepEqual(told.toSorted(), ['.', '..', ...names].toSorted())
  })

  it('lists links that lead nowhere, and leaves out what is removed meanwhile', () => {
    symlinkSync('/nowhere', path('dangling'))
    assert.deepEqual(namesIn('').map(String).toSorted(), ['.', '..', 'dangling'])
    mkdirSync(path('dir'))
    for (let i = 0; i < 150; i += 1) writeFileSync(path(`dir/${i}`), '')
    const handle = Buffer.from(ask(REQUEST.opendir, path('dir')).fields.bytes())
    assert.equal(ask(REQUEST.readdir, handle).fields.uint32(), 100)
    for (const name of readdirSync(path('dir'))) rmSync(path(`dir/${name}`))
    assert.equal(statusOf(REQUEST.readdir, handle), STATUS.endOfFile)
  })

  it('replaces nothing by a rename of version 3, not even a link that leads nowhere', () => {
    writeFileSync(path('file'), 'x')
    symlinkSync('/nowhere', path('dangling'))
    assert.equal(statusOf(REQUEST.rename, path('file'), path('dangling')), STATUS.failure)
    mkdirSync(path('dir'))
    assert.equal(statusOf(REQUEST.rename, path('dir'), path('dangling')), STATUS.failure)
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['dangling', 'dir', 'file'])
  })

  it('says in words what the system refused, without the path', () => {
    mkdirSync(path('dir'))
    writeFileSync(path('dir/file'), '')
    const {fields} = ask(REQUEST.rmdir, path('dir'))
    assert.deepEqual([fields.uint32(), fields.bytes().toString()], [STATUS.failure, 'directory not empty'])
  })

  it('tells a permission that is missing from a failure', function () {
    if (process.getuid?.() !== 0) this.skip() // Anyone else has no one to become.
    chmodSync(folder.path, 0o755)
    mkdirSync(path('locked'), {mode: 0o700})
    writeFileSync(path('file'), 'x')
    process.seteuid?.('nobody')
    try {
      const refused: readonly (readonly [number, ...Field[]])[] = [
        [REQUEST.open, path('new'), WRITE | CREAT, NO_ATTRIBUTES],
        [REQUEST.open, path('file'), WRITE, NO_ATTRIBUTES],
        [REQUEST.opendir, path('locked')],
        [REQUEST.setstat, path('file'), MODE, 0o777],
        [REQUEST.setstat, path('file'), 0x2, 0, 0],
        [REQUEST.remove, path('file')],
        [REQUEST.mkdir, path('new'), NO_ATTRIBUTES],
      ]
      for (const one of refused) assert.equal(statusOf(...one), STATUS.permissionDenied, String(one[0]))
    } finally {
      process.seteuid?.(0)
    }
  })

  it('tells of a file system what the system tells', () => {
    const {type, fields} = ask(REQUEST.extended, 'statvfs@openssh.com', folder.path)
    assert.equal(type, REPLY.extended)
    const numbers = Array.from({length: 11}, () => fields.uint64())
    assert.equal(numbers[0], numbers[1])
    assert.ok((numbers[2] ?? 0n) > 0n)
    assert.equal(numbers[10], 255n)
  })

  it('tells its limits', () => {
    const {fields} = ask(REQUEST.extended, 'limits@openssh.com')
    const limits = [MAX_PACKET_BYTES, MAX_DATA_BYTES, MAX_DATA_BYTES, MAX_HANDLES].map(BigInt)
    assert.deepEqual([fields.uint64(), fields.uint64(), fields.uint64(), fields.uint64()], limits)
  })
})
