import assert from 'node:assert/strict'
import {randomInt} from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {mergeInto} from '../../src/transfer/merge.ts'
import {splitName, staysInside} from '../../src/transfer/safe-name.ts'
import {TAR_END, tarHeader, tarPadding} from '../../src/transfer/tar-header.ts'
import {readTar} from '../../src/transfer/tar-reader.ts'
import {type Announced, unpackInto} from '../../src/transfer/unpack.ts'
import {NO_METER} from '../support/local-far.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

interface Member {
  readonly name: string | Buffer
  readonly type?: string
  readonly body?: string | Buffer
  readonly target?: string
  readonly mode?: number
  /** Changes the header; its checksum is made good again. */
  readonly edit?: (header: Buffer) => void
}

const KINDS: Readonly<Record<string, 'directory' | 'file' | 'link'>> = {'5': 'directory', '0': 'file'}

const member = ({name, type = '0', body = '', target = '', mode = 0o644, edit}: Member): Buffer => {
  const bytes = Buffer.from(body)
  const header = tarHeader({
    ...{name: Buffer.from(name), kind: KINDS[type] ?? 'link', mode, mtimeSeconds: 1},
    ...{sizeBytes: bytes.length, target: Buffer.from(target)},
  })
  const last = header.subarray(-512)
  last.write(type, 156)
  edit?.(last)
  sign(last)
  return Buffer.concat([header, bytes, tarPadding(bytes.length)])
}

const sign = (header: Buffer): void => {
  header.fill(' ', 148, 156)
  header.write(
    `${header
      .reduce((all, byte) => all + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
}

const ROOT: Member = {name: '.', type: '5', mode: 0o755}
const dir = (name: string, mode = 0o755): Member => ({name, type: '5', mode})
const link = (name: string, target: string): Member => ({name, type: '2', target})
const ROOMY: Announced = {entries: 1000, bytes: 1_000_000}

describe('an archive from a workspace', () => {
  const folder = temporaryFolder()

  /** Unpacks into `stage/0`, beside which nothing may be changed. */
  const unpack = (members: readonly Member[], announced = ROOMY, kind: 'dir' | 'file' = 'dir') => {
    const stage = join(folder.path, 'stage')
    rmSync(stage, {recursive: true, force: true})
    mkdirSync(stage)
    writeFileSync(join(folder.path, 'outside'), 'mine')
    const unpacking = unpackInto(announced, NO_METER)
    unpacking.open(join(stage, '0'), kind)
    const bytes = Buffer.concat([...members.map(member), TAR_END])
    const reader = readTar(unpacking)
    for (let at = 0; at < bytes.length; at += 1000) reader.take(bytes.subarray(at, at + 1000))
    unpacking.close()
    return {unpacking, root: join(stage, '0')}
  }
  const refuses = (members: readonly Member[], code = 'unsafe_archive', announced = ROOMY): void => {
    assert.throws(() => unpack([ROOT, ...members], announced), {code})
    assert.equal(readFileSync(join(folder.path, 'outside'), 'utf8'), 'mine')
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['outside', 'stage'])
    assert.deepEqual(readdirSync(join(folder.path, 'stage')), ['0'])
  }

  for (const [what, members] of Object.entries<readonly Member[]>({
    'an absolute name': [{name: '/x', body: 'x'}],
    'a name that leads upwards': [{name: '../../outside', body: 'x'}],
    'a name that leads upwards behind another': [dir('a'), {name: 'a/../../../outside', body: 'x'}],
    'a directory upwards': [dir('../x')],
    'a long name that leads upwards': [{name: `${'a/'.repeat(60)}../../../outside`, body: 'x'}],
    'a file through a link of its own': [dir('a'), link('l', 'a'), {name: 'l/x', body: 'x'}],
    'a directory in the place of a link': [dir('a'), link('l', 'a'), dir('l')],
    'a file in the place of a link': [{name: 'a', body: 'a'}, link('l', 'a'), {name: 'l', body: 'x'}],
    'a file without its directory': [{name: 'a/x', body: 'x'}],
    'the same name twice': [
      {name: 'a', body: '1'},
      {name: './a', body: '2'},
    ],
    'a hard link to what is not in it': [{name: 'h', type: '1', target: '../../outside'}],
    'a hard link to a link': [link('l', 'x'), {name: 'h', type: '1', target: 'l'}],
    'a hard link upwards': [{name: 'h', type: '1', target: '../../outside'}],
    'a file as its root': [{name: '.', body: 'x'}],
    'a sparse file': [{name: 'x', type: 'S', body: 'x'}],
    'a sparse file of pax': [
      {name: 'p', type: 'x', body: '22 GNU.sparse.major=1\n'},
      {name: 'x', body: 'x'},
    ],
    'an entry of a kind that nobody knows': [{name: 'x', type: 'V', body: 'x'}],
    'a name of pax that leads upwards': [
      {name: 'p', type: 'x', body: '24 path=../../../outside\n'.replace('24', '25')},
      {name: 'x', body: 'x'},
    ],
    'a record of pax that is none': [{name: 'p', type: 'x', body: '99 path=x\n'}, {name: 'x'}],
    'a record of pax with an odd size': [{name: 'p', type: 'x', body: '11 size=-1\n'}, {name: 'x'}],
    'a name without an end': [{name: 'p', type: 'L', body: Buffer.alloc(70_000, 'a')}, {name: 'x'}],
    'a number that is none': [{name: 'x', edit: (header) => header.write('9'.repeat(11), 124)}],
    'a size beyond all': [{name: 'x', edit: (header) => header.fill(0xff, 125, 136).fill(0x80, 124, 125)}],
  })) {
    it(`is refused for ${what}`, () => refuses(members))
  }

  it('is refused where it is no archive', () => {
    assert.throws(() => unpack([{name: 'x', edit: (header) => header.fill('x', 0, 300)}]), {code: 'unsafe_archive'})
    const changed = member({name: 'x'})
    changed.write('y')
    const deaf = {entry: () => undefined, bytes: () => undefined}
    assert.throws(() => readTar(deaf).take(changed), {code: 'unsafe_archive'})
    const reader = readTar(unpackInto(ROOMY, NO_METER))
    assert.throws(() => reader.take(Buffer.alloc(512, 'x')), {code: 'unsafe_archive'})
  })

  it('brings no more bytes and no more entries than were announced', () => {
    refuses([{name: 'x', body: Buffer.alloc(101)}], 'file_changed', {entries: 10, bytes: 100})
    refuses([dir('a'), dir('b')], 'file_changed', {entries: 2, bytes: 100})
    // A header may announce what it likes: nothing of it is written.
    refuses([{name: 'x', edit: (header) => header.write('77777777777', 124)}], 'file_changed')
  })

  it('ends, however its last record is filled up', () => {
    const reader = readTar(unpackInto(ROOMY, NO_METER))
    assert.equal(reader.take(Buffer.alloc(1 << 20)), undefined)
    assert.throws(() => reader.take(Buffer.alloc(2 << 20)), {code: 'unsafe_archive'})
  })

  it('is one file where one was asked for', () => {
    for (const members of [[ROOT], [link('x', 'y')], [{name: 'a/b', body: 'x'}], [{name: 'x'}, {name: 'y'}]])
      assert.throws(() => unpack(members, ROOMY, 'file'), {code: 'unsafe_archive'})
  })

  it('leaves devices, pipes and links out that lead out of it; the rest is there', () => {
    const members = [
      ...['3', '4', '6'].map((type) => ({name: `d${type}`, type})),
      ...['/etc/passwd', '..', '../..', 'a/..', 'a/../../..', ''].map((target, at) => link(`l${at}`, target)),
      dir('a'),
      link('a/up', '../in'),
      link('a/out', '../../in'),
      link('in', 'a/b'),
    ]
    const {unpacking, root} = unpack([ROOT, ...members])
    assert.equal(unpacking.leftOut, 10)
    assert.deepEqual(readdirSync(root, {recursive: true}).toSorted(), ['a', 'a/up', 'in'])
    assert.equal(readlinkSync(join(root, 'a/up')), '../in')
  })

  it('makes hard links among its own files', () => {
    const {root} = unpack([ROOT, {name: './a', body: 'x'}, {name: './h', type: '1', target: './a'}])
    assert.equal(statSync(join(root, 'h')).ino, statSync(join(root, 'a')).ino)
  })

  it('takes names of pax, of GNU and with a prefix, byte for byte', () => {
    const odd = Buffer.concat([Buffer.from([0xff, 0x80]), Buffer.from('x'.repeat(180))])
    const body = Buffer.concat([Buffer.from('path='), odd, Buffer.from('\n')])
    const pax = Buffer.concat([Buffer.from(`${body.length + 4} `), body])
    const {root} = unpack([
      ROOT,
      {name: 'p', type: 'x', body: pax},
      {name: 'short', body: '1'},
      {name: 'g'.repeat(200), body: '2'},
      dir('pre'),
      {name: 'fix', body: '3', edit: (header) => header.write('pre', 345)},
    ])
    const names = readdirSync(root, {encoding: 'buffer'})
    assert.ok(names.some((name) => name.equals(odd)))
    assert.equal(readFileSync(join(root, 'g'.repeat(200)), 'utf8'), '2')
    assert.equal(readFileSync(join(root, 'pre/fix'), 'utf8'), '3')
  })

  it('sets no bits of other users, and no set-id bits, that the umask takes away', () => {
    const before = process.umask(0o027)
    try {
      const {root} = unpack([ROOT, {name: 'x', mode: 0o6777, body: 'x'}, dir('d', 0o1777)])
      assert.equal((statSync(join(root, 'x')).mode & 0o7777).toString(8), '750')
      assert.equal((statSync(join(root, 'd')).mode & 0o7777).toString(8), '750')
    } finally {
      process.umask(before)
    }
  })

  it('ends in its refusals whatever is changed in it, and writes nowhere else', () => {
    const good = Buffer.concat([
      ...[ROOT, dir('a'), {name: 'a/x', body: 'x'.repeat(600)}, link('l', 'a/x'), {name: 'n'.repeat(150)}].map(member),
      TAR_END,
    ])
    for (let round = 0; round < 400; round += 1) {
      const bytes = Buffer.from(good)
      for (let count = randomInt(1, 5); count > 0; count -= 1) bytes[randomInt(bytes.length)] = randomInt(256)
      // Whole headers that are signed anew get further.
      if (round % 2 === 0)
        for (let at = 0; at + 512 <= bytes.length; at += 512)
          if (good.toString('latin1', at + 257, at + 262) === 'ustar') sign(bytes.subarray(at, at + 512))
      const stage = join(folder.path, 'fuzz')
      mkdirSync(stage, {recursive: true})
      const unpacking = unpackInto(ROOMY, NO_METER)
      unpacking.open(join(stage, String(round)), 'dir')
      try {
        readTar(unpacking).take(bytes)
        unpacking.close()
      } catch (error) {
        const {code} = error as {code: string}
        assert.ok(['unsafe_archive', 'file_changed', 'file_error'].includes(code), `${error}`)
      }
    }
    assert.deepEqual(readdirSync(folder.path), ['fuzz'])
  })

  describe('on its way to its place', () => {
    const paths = () => {
      const {root} = unpack([ROOT, dir('d'), {name: 'd/x', body: 'new'}, {name: 'y', body: 'new'}])
      const to = join(folder.path, 'to')
      return {to, moves: [{from: Buffer.from(root), to: Buffer.from(to)}]}
    }

    it('goes through no link that is there', () => {
      const {to, moves} = paths()
      mkdirSync(to)
      mkdirSync(join(folder.path, 'elsewhere'))
      symlinkSync('../elsewhere', join(to, 'd'))
      assert.throws(() => mergeInto(moves, true), {code: 'no_such_file'})
      assert.deepEqual(readdirSync(join(folder.path, 'elsewhere')), [])
      // Nor is anything else of it there then.
      assert.equal(existsSync(join(to, 'y')), false)
    })

    it('replaces a link to a file, not the file', () => {
      const {to, moves} = paths()
      mkdirSync(to)
      symlinkSync('../outside', join(to, 'y'))
      mergeInto(moves, true)
      assert.equal(readFileSync(join(folder.path, 'outside'), 'utf8'), 'mine')
      assert.ok(lstatSync(join(to, 'y')).isFile())
    })

    it('replaces no directory by a file', () => {
      const {to, moves} = paths()
      mkdirSync(join(to, 'y'), {recursive: true})
      assert.throws(() => mergeInto(moves, true), {code: 'no_such_file'})
      assert.equal(existsSync(join(to, 'd')), false)
    })
  })
})

describe('a name from a workspace', () => {
  it('is none on Windows where it is a device, a stream, or ends as no name there does', () => {
    for (const name of [
      'CON',
      'nul.txt',
      'com1',
      'LPT9.a',
      'a:b',
      'C:',
      'a\\b',
      'a.',
      'a ',
      'a?',
      'a\u0001',
      'x/aux/y',
      'com\u00b9',
    ])
      assert.throws(() => splitName(Buffer.from(name), 'win32'), {code: 'unsafe_archive'}, name)
    assert.throws(() => splitName(Buffer.from([0x61, 0xff]), 'win32'), {code: 'unsafe_archive'})
    for (const name of ['console', 'null', 'a.b', 'com', 'com10', '.hidden', 'é'])
      assert.equal(splitName(Buffer.from(name), 'win32').length, 1, name)
    assert.equal(splitName(Buffer.from('./a//CON/.'), 'linux').map(String).join('/'), 'a/CON')
  })

  it('leads nowhere else', () => {
    for (const name of ['..', '../x', 'a/../b', './..', 'a/..', '/x', '//x', 'a\0b'])
      assert.throws(() => splitName(Buffer.from(name), 'linux'), {code: 'unsafe_archive'}, name)
    for (const name of ['...', 'a..', '..a', 'a/.../b'])
      assert.ok(splitName(Buffer.from(name), 'linux').length > 0, name)
  })

  it('leads a link down, or first up and then down, and never out', () => {
    for (const [at, target, stays] of [
      ['l', 'a/b', true],
      ['l', './a', true],
      ['d/l', '../a', true],
      ['d/e/l', '../../a/b', true],
      ['d/l', '..', true],
      ['l', '..', false],
      ['d/l', '../..', false],
      ['d/l', 'm/..', false],
      ['d/l', '../m/../x', false],
      ['l', '/a', false],
      ['l', '', false],
    ] as const)
      assert.equal(staysInside(splitName(Buffer.from(at), 'linux'), Buffer.from(target)), stays, `${at} -> ${target}`)
  })
})
