import assert from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {createHash, randomBytes} from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {skip} from '../../support/skip.ts'
import {BRAVE, collect, type GatewayFixture, openGateway, type Ran} from './gateway-fixture.ts'

const LONG_AGO_S = 1_000_000_000

/** Real tools against the gateway. They run as processes of their own: the gateway lives in this one. */
describe('through the gateway', function () {
  this.timeout(60_000)
  let fixture: GatewayFixture
  let home: string
  let here: string
  before(async () => {
    fixture = await openGateway()
    home = fixture.path(`workspaces/${BRAVE.title}/home`)
    here = fixture.path('here')
    mkdirSync(here)
  })
  after(() => fixture.close())

  const run = (program: string, args: readonly string[], input = ''): Promise<Ran> =>
    collect(spawn(program, args, {cwd: here, stdio: 'pipe', env: {PATH: process.env['PATH'], HOME: here}}), input)
  const sshOptions = (): string[] => ['-F', fixture.path('config'), '-o', `User=${BRAVE.title}`]
  const sshCommand = (): string => ['ssh', ...sshOptions()].join(' ')
  /** Lines of an sftp batch; each has to succeed, but for those that begin with a dash. */
  const sftp = async (...lines: readonly string[]): Promise<string> => {
    const {stdout, stderr, ending} = await run(
      'sftp',
      [...sshOptions(), '-o', 'RekeyLimit=16M', '-q', '-b', '-', 'gateway'],
      lines.join('\n'),
    )
    assert.deepEqual(ending, {kind: 'exited', code: 0}, stderr)
    return `${stdout}${stderr}`
  }
  const succeeds = async (program: string, ...args: readonly string[]): Promise<string> => {
    const {stdout, stderr, ending} = await run(program, args)
    assert.deepEqual(ending, {kind: 'exited', code: 0}, stderr)
    return stdout.toString()
  }
  /** A tree with all that a tree can have. Gives its path on this side. */
  const makeTree = (name: string, oddName = 'ü\n*'): string => {
    const root = join(here, name)
    mkdirSync(join(root, 'empty'), {recursive: true})
    mkdirSync(join(root, 'a b/deep'), {recursive: true})
    writeFileSync(join(root, 'nothing'), '')
    writeFileSync(join(root, 'bytes'), randomBytes(3_000_001))
    writeFileSync(join(root, `a b/deep/${oddName}`), 'odd name')
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x6e, 0xff, 0x6f])]), 'not UTF-8')
    writeFileSync(join(root, 'program'), '#!/bin/sh\n')
    chmodSync(join(root, 'program'), 0o755)
    writeFileSync(join(root, 'secret'), 'x')
    chmodSync(join(root, 'secret'), 0o600)
    for (const entry of ['nothing', 'bytes', 'program', 'secret']) utimesSync(join(root, entry), 5, LONG_AGO_S)
    return root
  }

  describe('sftp', () => {
    it('puts and gets files of nothing, of a few bytes and of 64 MiB, also while the keys are exchanged anew', async () => {
      for (const sizeBytes of [0, 1, 32_768, 261_121, 64 << 20]) {
        const bytes = randomBytes(sizeBytes)
        writeFileSync(join(here, 'out'), bytes)
        await sftp('put out in', 'get in back')
        assert.equal(sha256(readFileSync(join(home, 'in'))), sha256(bytes))
        assert.equal(sha256(readFileSync(join(here, 'back'))), sha256(bytes))
      }
    })

    it('puts and gets a tree with its names, modes and times', async () => {
      const tree = makeTree('sent')
      await sftp('put -Rp sent', 'get -Rp sent returned')
      assert.deepEqual(described(join(home, 'sent')), described(tree))
      assert.deepEqual(described(join(here, 'returned')), described(tree))
    })

    it('resumes a get and a put', async () => {
      const bytes = randomBytes(1_000_000)
      writeFileSync(join(here, 'whole'), bytes)
      writeFileSync(join(home, 'part'), bytes.subarray(0, 400_000))
      await sftp('reput whole part', 'get part fetched')
      assert.equal(sha256(readFileSync(join(home, 'part'))), sha256(bytes))
      truncateSync(join(here, 'fetched'), 123_456)
      await sftp('reget part fetched')
      assert.equal(sha256(readFileSync(join(here, 'fetched'))), sha256(bytes))
    })

    it('makes links, renames, changes modes and removes', async () => {
      writeFileSync(join(here, 'nothing'), '')
      const told = await sftp(
        'mkdir made',
        'put nothing made/file',
        'chmod 640 made/file',
        'ln -s file made/link',
        'ln made/file made/hard',
        'rename made/file made/other',
        'ls -l made/*',
        'df -h made',
        'rm made/hard',
        '-mkdir made',
        '-rmdir made',
        '-get made/absent',
      )
      assert.equal(readlinkSync(join(home, 'made/link')), 'file')
      assert.equal(statSync(join(home, 'made/other')).mode & 0o7777, 0o640)
      assert.deepEqual(readdirSync(join(home, 'made')).toSorted(), ['link', 'other'])
      assert.match(told, /"[^"]*absent" not found/)
    })
  })

  for (const [what, options] of Object.entries({'scp in its sftp mode': ['-s'], 'scp in its old mode': ['-O']})) {
    describe(what, () => {
      it('copies a tree there and back with its modes and times', async () => {
        // The old protocol has no line ends in names.
        const tree = makeTree(`scp${options[0]}`, options[0] === '-O' ? 'ü *' : undefined)
        const [sent, returned] = [`copied${options[0]}`, join(here, `back${options[0]}`)]
        await succeeds('scp', ...sshOptions(), ...options, '-rp', tree, `gateway:${sent}`)
        await succeeds('scp', ...sshOptions(), ...options, '-rp', `gateway:${sent}`, returned)
        assert.deepEqual(described(join(home, sent)), described(tree))
        assert.deepEqual(described(returned), described(tree))
      })

      it('says that a file is not there, and fails', async () => {
        const {ending, stderr} = await run('scp', [...sshOptions(), ...options, 'gateway:absent', 'got'])
        assert.deepEqual(ending, {kind: 'exited', code: 1})
        assert.match(stderr, /No such file/)
        assert.equal(existsSync(join(here, 'got')), false)
      })
    })
  }

  it('scp takes a path below ~ and a file to a directory', async () => {
    writeFileSync(join(here, 'one'), 'one')
    await succeeds('scp', ...sshOptions(), 'one', 'gateway:~/workspace')
    assert.equal(readFileSync(join(home, 'workspace/one'), 'utf8'), 'one')
  })

  it('scp copies a directory to a new name', async () => {
    mkdirSync(join(here, 'folder'))
    writeFileSync(join(here, 'folder/in'), 'in')
    await succeeds('scp', ...sshOptions(), '-r', 'folder', 'gateway:new-folder')
    assert.equal(readFileSync(join(home, 'new-folder/in'), 'utf8'), 'in')
  })

  describe('rsync', () => {
    before(function () {
      if (!isThere('rsync')) skip(this, 'no rsync')
    })

    it('sends a tree with links, modes and times, and afterwards what has changed', async () => {
      const tree = makeTree('synced')
      symlinkSync('nothing', join(tree, 'link'))
      const args = ['-a', '--itemize-changes', '-e', sshCommand()]
      await succeeds('rsync', ...args, 'synced/', 'gateway:synced/')
      assert.deepEqual(described(join(home, 'synced')), described(tree))
      writeFileSync(join(tree, 'secret'), 'changed')
      assert.match(await succeeds('rsync', ...args, 'synced/', 'gateway:synced/'), /^<f\S+ secret\n$/)
      await succeeds('rsync', ...args, 'gateway:synced/', 'unsynced/')
      assert.deepEqual(described(join(here, 'unsynced')), described(tree))
    })
  })

  describe('git', () => {
    before(function () {
      if (!isThere('git')) skip(this, 'no git')
    })

    it('clones and pushes', async () => {
      const git = (...args: readonly string[]): Promise<string> => {
        const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.test', '-c', 'commit.gpgsign=false']
        return succeeds('git', '-c', `core.sshCommand=${sshCommand()}`, ...author, ...args)
      }
      await git('init', '-q', '--bare', join(home, 'project.git'))
      await git('clone', '-q', 'gateway:project.git', 'project')
      const bytes = randomBytes(2_000_000)
      writeFileSync(join(here, 'project/file'), bytes)
      await git('-C', 'project', 'add', '.')
      await git('-C', 'project', 'commit', '-qm', 'first')
      await git('-C', 'project', 'push', '-q', 'origin', 'HEAD:refs/heads/main')
      await git('clone', '-q', '-b', 'main', 'gateway:project.git', 'again')
      assert.equal(sha256(readFileSync(join(here, 'again/file'))), sha256(bytes))
    })
  })
})

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A line for each thing below a folder: path, mode, size and hash, target; and the time where a test has set it. */
const described = (root: string): readonly string[] => {
  const lines: string[] = []
  const visit = (path: Buffer, name: string): void => {
    const stats = lstatSync(path)
    const time = Math.floor(stats.mtimeMs / 1000) === LONG_AGO_S ? 'long ago' : ''
    const facts = [name, (stats.mode & 0o170777).toString(8), time]
    if (stats.isSymbolicLink()) lines.push([...facts, readlinkSync(path).toString()].join(' '))
    else if (stats.isFile()) lines.push([...facts, sha256(readFileSync(path))].join(' '))
    else {
      lines.push(facts.join(' '))
      for (const entry of readdirSync(path, {encoding: 'buffer'}))
        visit(Buffer.concat([path, Buffer.from('/'), entry]), `${name}/${entry.toString('latin1')}`)
    }
  }
  visit(Buffer.from(root), '')
  return lines.toSorted()
}
