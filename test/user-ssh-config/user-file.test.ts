import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {FileError} from '../../src/core/files.ts'
import {changeFile, type LockedFile, withLockedFile} from '../../src/user-ssh-config/locked-file.ts'
import {
  ChangedMeanwhileError,
  ReadOnlyConfigError,
  readUserFile,
  whyFixed,
} from '../../src/user-ssh-config/user-file.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const NOBODY = 65_534
const isRoot = process.geteuid?.() === 0

describe("a file of the user's", () => {
  const folder = temporaryFolder()
  const at = (...names: readonly string[]): string => join(folder.path, ...names)
  const now = new Date('2026-11-22T08:30:00.000Z')
  const locked = <T>(path: string, work: (held: LockedFile) => Promise<T>): Promise<T> =>
    withLockedFile({path, state: at('state')}, deadlineIn(5000, new AbortController().signal), work)
  const change = (path: string, edit: (text: string | undefined) => string | undefined) =>
    locked(path, (held) => changeFile(held, {text: edit(held.file.text), now, paste: 'the text'}))
  const append = (path: string) => change(path, (text) => `${text}# more\n`)
  /** The folder without the lock's own. */
  const names = (): readonly string[] => readdirSync(folder.path).filter((name) => name !== 'state')

  it('is replaced as a whole, by its bytes, and keeps its mode', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a, 0xc3, 0xa9, 0x80, 0x0a])
    for (const mode of [0o600, 0o644, 0o660]) {
      writeFileSync(at('config'), bytes)
      chmodSync(at('config'), mode)
      await append(at('config'))
      assert.deepEqual(readFileSync(at('config')), Buffer.concat([bytes, Buffer.from('# more\n')]))
      assert.equal(statSync(at('config')).mode & 0o7777, mode)
    }
    assert.deepEqual(names(), ['config'])
  })

  it('is made with its folder, for its owner alone, where there is none', async () => {
    assert.equal(await change(at('.ssh', 'config'), () => 'Host *\n'), undefined)
    assert.equal(readFileSync(at('.ssh', 'config'), 'utf8'), 'Host *\n')
    assert.equal(statSync(at('.ssh', 'config')).mode & 0o7777, 0o600)
    assert.equal(statSync(at('.ssh')).mode & 0o7777, 0o700)
  })

  it('is removed where nothing is to be left of it, after a copy was kept', async () => {
    writeFileSync(at('config'), 'Host a\n')
    const backup = await change(at('config'), () => undefined)
    assert.deepEqual([names(), readFileSync(backup ?? '', 'utf8')], [[], 'Host a\n'])
  })

  it('is changed behind its links, which stay', async () => {
    mkdirSync(at('dotfiles'))
    writeFileSync(at('dotfiles', 'ssh_config'), 'Host a\n')
    symlinkSync('dotfiles', at('.ssh'))
    symlinkSync('ssh_config', at('dotfiles', 'config'))
    await append(at('.ssh', 'config'))
    assert.equal(readFileSync(at('dotfiles', 'ssh_config'), 'utf8'), 'Host a\n# more\n')
    assert.equal(readlinkSync(at('dotfiles', 'config')), 'ssh_config')
    assert.ok(lstatSync(at('.ssh')).isSymbolicLink())
  })

  it('is not made up where it is a link to nothing, a folder, or below a file', async () => {
    symlinkSync('nowhere', at('dangling'))
    mkdirSync(at('folder'))
    writeFileSync(at('file'), '')
    for (const path of [at('dangling'), at('folder'), at('file', 'config')])
      await assert.rejects(append(path), (error) => error instanceof FileError && error.hint !== undefined)
    assert.deepEqual(names(), ['dangling', 'file', 'folder'])
  })

  it('keeps its owner', async function () {
    if (!isRoot) this.skip()
    writeFileSync(at('config'), 'Host a\n')
    chownSync(at('config'), NOBODY, NOBODY)
    await append(at('config'))
    assert.deepEqual([statSync(at('config')).uid, statSync(at('config')).gid], [NOBODY, NOBODY])
  })

  describe('that cannot be replaced', () => {
    const refused = async (why: RegExp): Promise<void> => {
      const before = [readFileSync(at('config')), lstatSync(at('config')).ino]
      await assert.rejects(append(at('config')), (error) => {
        assert.ok(error instanceof ReadOnlyConfigError)
        assert.match(error.message, why)
        assert.equal(error.facts['paste'], 'the text')
        return true
      })
      assert.deepEqual([readFileSync(at('config')), lstatSync(at('config')).ino], before)
    }
    beforeEach(() => writeFileSync(at('config'), 'Host a\n'))

    it('is left as it is where it is read-only, also for root', async () => {
      chmodSync(at('config'), 0o444)
      await refused(/is read-only/)
    })

    it('is left as it is where it has several names', async () => {
      linkSync(at('config'), at('other'))
      await refused(/has 2 names/)
      assert.equal(readFileSync(at('other'), 'utf8'), 'Host a\n')
    })

    it('is left as it is where it belongs to another user, or its folder does', async function () {
      if (!isRoot) this.skip()
      chmodSync(folder.path, 0o755)
      const theirs = await readUserFile(at('config'))
      process.seteuid?.(NOBODY)
      try {
        assert.equal(whyFixed(theirs), 'belongs to another user')
        const none = {file: {path: at('none'), text: undefined, stats: undefined}, folder: at('state')}
        await assert.rejects(changeFile(none, {text: '', now, paste: 'the text'}), (error) => {
          assert.ok(error instanceof ReadOnlyConfigError)
          assert.match(error.message, /cannot be replaced \(EACCES\)/)
          return true
        })
      } finally {
        process.seteuid?.(0)
      }
    })
  })

  describe('that another program saves at the same time', () => {
    it('is looked at again, and nothing of theirs is lost', async () => {
      writeFileSync(at('config'), 'Host a\n')
      let saves = 0
      await locked(at('config'), (held) => {
        saves += 1
        if (saves <= 3) writeFileSync(at('config'), `Host theirs${saves}\n`)
        return changeFile(held, {text: `${held.file.text}# more\n`, now, paste: undefined})
      })
      assert.equal(readFileSync(at('config'), 'utf8'), 'Host theirs3\n# more\n')
    })

    it('is left to them where it never stops', async () => {
      let saves = 0
      const changed = locked(at('config'), (held) => {
        saves += 1
        writeFileSync(at('config'), `Host theirs${saves}\n`)
        return changeFile(held, {text: 'ours\n', now, paste: undefined})
      })
      await assert.rejects(changed, ChangedMeanwhileError)
      assert.equal(readFileSync(at('config'), 'utf8'), 'Host theirs5\n')
      assert.deepEqual(names(), ['config'])
    })
  })

  it('has what a killed process left beside it cleared away, and nothing else', async () => {
    writeFileSync(at('config'), 'Host a\n')
    for (const name of ['config.runcode-0123456789ab.tmp', 'config.tmp', 'config.bak', 'config.runcode-x.tmp'])
      writeFileSync(at(name), '')
    await append(at('config'))
    assert.deepEqual(names(), ['config', 'config.bak', 'config.runcode-x.tmp', 'config.tmp'])
  })

  it('has a copy of each state kept, the last twenty', async () => {
    writeFileSync(at('config'), '')
    for (let n = 0; n < 23; n += 1) {
      const date = new Date(now.getTime() + n * 1000)
      await locked(at('config'), (held) => changeFile(held, {text: `${n}\n`, now: date, paste: undefined}))
    }
    const [file = ''] = readdirSync(at('state', 'ssh-config'))
    const copies = readdirSync(at('state', 'ssh-config', file, 'backups')).toSorted()
    assert.equal(copies.length, 20)
    assert.deepEqual([copies[0], copies[19]], ['2026-11-22T08-30-03.000Z', '2026-11-22T08-30-22.000Z'])
    assert.equal(readFileSync(at('state', 'ssh-config', file, 'backups', copies[19] ?? ''), 'utf8'), '21\n')
  })
})
