import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {existsSync, mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {REPLY, REQUEST, STATUS} from '../../../src/server/sftp/protocol.ts'
import {skip} from '../../support/skip.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'
import {type Answer, type Field, openRawSftp, type RawSftp} from './raw-sftp.ts'

const OURS = fileURLToPath(new URL('../../../dist/server/sftp/sftp-server.js', import.meta.url))
const THEIRS = ['/usr/lib/openssh/sftp-server', '/usr/libexec/sftp-server', '/usr/lib/ssh/sftp-server'].find((path) =>
  existsSync(path),
)

const MODE = 4
const NO_ATTRIBUTES = 0
const [R, W, APPEND, CREAT, TRUNC, EXCL] = [0x1, 0x2, 0x4, 0x8, 0x10, 0x20]

/** A request whose path begins in the current folder; `handle 0` stands for the first handle that was given out. */
type Step = readonly [type: number, ...fields: readonly (Field | {readonly handle: number})[]]
const handle = (index: number): {readonly handle: number} => ({handle: index})

const NOT_UTF8 = Buffer.from([0x61, 0xff, 0xfe, 0x62])

const STEPS: Readonly<Record<string, readonly Step[]>> = {
  'a file that is made, written, read and looked at': [
    [REQUEST.open, 'file', R | W | CREAT | TRUNC, MODE, 0o640],
    [REQUEST.write, handle(0), 0n, 'hello'],
    [REQUEST.write, handle(0), 1000n, Buffer.alloc(3, 7)],
    [REQUEST.read, handle(0), 0n, 10],
    [REQUEST.read, handle(0), 998n, 100],
    [REQUEST.read, handle(0), 0n, 0],
    [REQUEST.read, handle(0), 1003n, 1],
    [REQUEST.read, handle(0), 1n << 40n, 1],
    [REQUEST.read, handle(0), (1n << 64n) - 1n, 1],
    [REQUEST.write, handle(0), 5n, ''],
    [REQUEST.fstat, handle(0)],
    [REQUEST.fsetstat, handle(0), 0x1 | MODE | 0x8, 7n, 0o600, 1_000_000_000, 1_100_000_000],
    [REQUEST.fstat, handle(0)],
    [REQUEST.extended, 'fsync@openssh.com', handle(0)],
    [REQUEST.close, handle(0)],
    [REQUEST.stat, 'file'],
    [REQUEST.close, handle(0)],
    [REQUEST.read, handle(0), 0n, 1],
    [REQUEST.fstat, handle(0)],
  ],
  'the flags of an open': [
    [REQUEST.open, 'new', W, NO_ATTRIBUTES],
    [REQUEST.open, 'new', W | CREAT | EXCL, MODE, 0o600],
    [REQUEST.open, 'new', W | CREAT | EXCL, MODE, 0o600],
    [REQUEST.write, handle(0), 0n, '12345'],
    [REQUEST.read, handle(0), 0n, 5],
    [REQUEST.open, 'new', W | APPEND, NO_ATTRIBUTES],
    [REQUEST.write, handle(1), 0n, '678'],
    [REQUEST.open, 'new', R, NO_ATTRIBUTES],
    [REQUEST.read, handle(2), 0n, 100],
    [REQUEST.write, handle(2), 0n, 'x'],
    [REQUEST.open, 'new', W | TRUNC, NO_ATTRIBUTES],
    [REQUEST.stat, 'new'],
    [REQUEST.open, '.', R, NO_ATTRIBUTES],
    [REQUEST.read, handle(4), 0n, 5],
    [REQUEST.open, '.', W, NO_ATTRIBUTES],
    [REQUEST.open, 'no/new', W | CREAT, NO_ATTRIBUTES],
    [REQUEST.open, 'new/new', W | CREAT, NO_ATTRIBUTES],
    [REQUEST.open, '', R, NO_ATTRIBUTES],
  ],
  directories: [
    [REQUEST.mkdir, 'dir', MODE, 0o750],
    [REQUEST.mkdir, 'dir', NO_ATTRIBUTES],
    [REQUEST.mkdir, 'no/dir', NO_ATTRIBUTES],
    [REQUEST.mkdir, 'plain', NO_ATTRIBUTES],
    [REQUEST.stat, 'dir'],
    [REQUEST.stat, 'plain'],
    [REQUEST.opendir, 'dir'],
    [REQUEST.read, handle(0), 0n, 1],
    [REQUEST.fstat, handle(0)],
    [REQUEST.close, handle(0)],
    [REQUEST.opendir, 'no'],
    [REQUEST.open, 'dir/file', W | CREAT, MODE, 0o644],
    [REQUEST.readdir, handle(1)],
    [REQUEST.opendir, 'dir/file'],
    [REQUEST.rmdir, 'dir'],
    [REQUEST.remove, 'dir'],
    [REQUEST.rmdir, 'dir/file'],
    [REQUEST.remove, 'dir/file'],
    [REQUEST.rmdir, 'dir'],
    [REQUEST.rmdir, 'dir'],
    [REQUEST.remove, 'no'],
  ],
  'names that are links': [
    [REQUEST.open, 'file', W | CREAT, MODE, 0o644],
    [REQUEST.symlink, 'file', 'link'],
    [REQUEST.symlink, 'file', 'link'],
    [REQUEST.readlink, 'link'],
    [REQUEST.readlink, 'file'],
    [REQUEST.readlink, 'no'],
    [REQUEST.lstat, 'link'],
    [REQUEST.stat, 'link'],
    [REQUEST.symlink, '../nowhere', 'dangling'],
    [REQUEST.readlink, 'dangling'],
    [REQUEST.stat, 'dangling'],
    [REQUEST.lstat, 'dangling'],
    [REQUEST.symlink, 'loop', 'loop'],
    [REQUEST.stat, 'loop'],
    [REQUEST.realpath, 'loop'],
    [REQUEST.setstat, 'link', MODE, 0o600],
    [REQUEST.lstat, 'file'],
    [REQUEST.extended, 'lsetstat@openssh.com', 'link', 0x8, 1_000_000_000, 1_100_000_000],
    [REQUEST.lstat, 'link'],
    [REQUEST.extended, 'lsetstat@openssh.com', 'link', MODE, 0o600],
    [REQUEST.extended, 'lsetstat@openssh.com', 'file', MODE, 0o604],
    [REQUEST.stat, 'file'],
    [REQUEST.extended, 'hardlink@openssh.com', 'file', 'hard'],
    [REQUEST.extended, 'hardlink@openssh.com', 'file', 'hard'],
    [REQUEST.extended, 'hardlink@openssh.com', 'no', 'hard2'],
  ],
  'real paths': [
    [REQUEST.mkdir, 'a', NO_ATTRIBUTES],
    [REQUEST.mkdir, 'a/b', NO_ATTRIBUTES],
    [REQUEST.symlink, 'a/b', 'l'],
    ...[
      '.',
      '',
      '..',
      'a/../a/b',
      'l',
      'l/..',
      'l/new',
      'new',
      'new/',
      'a//b///',
      'no/new',
      'a/no/..',
      '/',
      '//',
      '/..',
      '/no',
    ].map((path): Step => [REQUEST.realpath, path]),
    ...['~', '~/a', '~/new', '', 'a', '/', '~nobody-of-that-name'].map(
      (path): Step => [REQUEST.extended, 'expand-path@openssh.com', path],
    ),
  ],
  renames: [
    [REQUEST.open, 'one', W | CREAT, MODE, 0o644],
    [REQUEST.open, 'two', W | CREAT, MODE, 0o600],
    [REQUEST.mkdir, 'dir', NO_ATTRIBUTES],
    [REQUEST.mkdir, 'empty', NO_ATTRIBUTES],
    [REQUEST.rename, 'one', 'two'],
    [REQUEST.rename, 'one', 'three'],
    [REQUEST.stat, 'one'],
    [REQUEST.rename, 'no', 'four'],
    [REQUEST.rename, 'dir', 'empty'],
    [REQUEST.rename, 'dir', 'three'],
    [REQUEST.rename, 'three', 'dir'],
    [REQUEST.rename, 'dir', 'dir2'],
    [REQUEST.rename, 'dir2', 'no/dir'],
    [REQUEST.symlink, 'three', 'link'],
    [REQUEST.rename, 'link', 'link2'],
    [REQUEST.readlink, 'link2'],
    [REQUEST.extended, 'posix-rename@openssh.com', 'three', 'two'],
    [REQUEST.stat, 'two'],
    [REQUEST.extended, 'posix-rename@openssh.com', 'two', 'empty'],
    [REQUEST.extended, 'posix-rename@openssh.com', 'dir2', 'empty'],
    [REQUEST.extended, 'posix-rename@openssh.com', 'no', 'new'],
  ],
  'attributes that are set by a path': [
    [REQUEST.open, 'file', W | CREAT, MODE, 0o644],
    [REQUEST.setstat, 'file', 0x1, 5000n],
    [REQUEST.setstat, 'file', MODE, 0o4755],
    [REQUEST.setstat, 'file', MODE, 0o100600],
    [REQUEST.setstat, 'file', 0x8, 5, 0xffffffff],
    [REQUEST.stat, 'file'],
    [REQUEST.setstat, 'file', NO_ATTRIBUTES],
    [REQUEST.setstat, 'file', 0x80000000, 1, 'name', 'data'],
    [REQUEST.setstat, 'no', MODE, 0o600],
    [REQUEST.setstat, '.', 0x1, 5n],
    [REQUEST.setstat, 'file', 0x1, 1n << 63n],
    [REQUEST.stat, 'file'],
  ],
  'names that are not UTF-8, or blank, or have line ends': [
    NOT_UTF8,
    'a b ',
    '\n',
    '-r',
    '*',
    'ä',
    'x'.repeat(255),
  ].flatMap((name): readonly Step[] => [
    [REQUEST.open, name, W | CREAT | EXCL, MODE, 0o644],
    [REQUEST.realpath, name],
    [REQUEST.symlink, name, Buffer.concat([Buffer.from('l'), Buffer.from(name).subarray(0, 100)])],
    [REQUEST.readlink, Buffer.concat([Buffer.from('l'), Buffer.from(name).subarray(0, 100)])],
    [REQUEST.remove, name],
  ]),
  'what is too long, or nothing': [
    [REQUEST.stat, 'x'.repeat(256)],
    [REQUEST.stat, 'x/'.repeat(4000)],
    [REQUEST.open, 'x'.repeat(100_000), W | CREAT, NO_ATTRIBUTES],
    [REQUEST.stat, ''],
    [REQUEST.close, ''],
    [REQUEST.close, 'x'.repeat(1000)],
    [REQUEST.readdir, '\0\0\0\0'],
    [REQUEST.extended, 'unknown@example.test', 'x'],
  ],
}

describe("an SFTP server of ours answers as OpenSSH's does", () => {
  const folder = temporaryFolder()
  const children: ChildProcess[] = []
  before(function () {
    if (THEIRS === undefined) skip(this, 'no sftp-server')
  })
  afterEach(() => {
    for (const child of children.splice(0)) child.kill()
  })

  const start = async (program: string, args: readonly string[], name: string): Promise<RawSftp> => {
    const cwd = join(folder.path, name)
    mkdirSync(cwd)
    const child = spawn(program, args, {cwd, env: {HOME: cwd, TZ: 'UTC'}, stdio: ['pipe', 'pipe', 'inherit']})
    children.push(child)
    return await openRawSftp(child.stdin, child.stdout)
  }
  /** All that was answered, with the folder's own name and the time of the test taken out. */
  const play = async (sftp: RawSftp, steps: readonly Step[], cwd: string): Promise<readonly string[]> => {
    const handles: Buffer[] = []
    const told: string[] = []
    for (const [type, ...fields] of steps) {
      const answer = await sftp.ask(
        type,
        ...fields.map((field) =>
          typeof field === 'object' && 'handle' in field ? (handles[field.handle] ?? '') : field,
        ),
      )
      if (answer.type === REPLY.handle) handles.push(answer.fields.bytes())
      told.push(wordsOf(answer).replaceAll(cwd, '<cwd>'))
    }
    return told
  }

  for (const [what, steps] of Object.entries(STEPS)) {
    it(what, async () => {
      const [ours, theirs] = await Promise.all([
        start(process.execPath, [OURS], 'ours'),
        start(String(THEIRS), [], 'theirs'),
      ])
      assert.deepEqual(
        await play(ours, steps, join(folder.path, 'ours')),
        await play(theirs, steps, join(folder.path, 'theirs')),
      )
    })
  }
})

const wordsOf = ({type, fields}: Answer): string => {
  switch (type) {
    case REPLY.status: {
      const status = fields.uint32()
      return `status ${Object.entries(STATUS).find(([, value]) => value === status)?.[0]}`
    }
    case REPLY.handle:
      return 'handle'
    case REPLY.data:
      return `data ${fields.bytes().toString('hex')}`
    case REPLY.attributes:
      return `attributes ${attributesOf(fields)}`
    case REPLY.name: {
      const names = Array.from({length: fields.uint32()}, () => {
        const name = fields.bytes().toString('latin1')
        const long = fields.bytes().toString('latin1')
        return `${name} | ${long} | ${attributesOf(fields)}`
      })
      return `names ${names.toSorted().join('\n')}`
    }
    default:
      return `type ${type}`
  }
}

/** Times of this test are told as `now`: the two servers do not act at the same second. */
const attributesOf = (fields: Answer['fields']): string => {
  const flags = fields.uint32()
  if (flags === 0) return 'none'
  const [size, uid, gid, mode] = [fields.uint64(), fields.uint32(), fields.uint32(), fields.uint32().toString(8)]
  const times = [fields.uint32(), fields.uint32()].map((time) =>
    Math.abs(time - Date.now() / 1000) < 60 ? 'now' : time,
  )
  return [flags, size, uid, gid, mode, ...times].join(' ')
}
