import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {setImmediate} from 'node:timers/promises'
import {
  folderFault,
  makePrivateFolder,
  readIfThere,
  refuseUnsafeFolders,
  removeEmptyFolders,
  removeHalfWritten,
  removeWhole,
  writeWhole,
} from '../../src/core/files.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

/** The number of the user without rights. */
const NOBODY = 65_534

describe('files', () => {
  const folder = temporaryFolder()
  const at = (...names: string[]): string => join(folder.path, ...names)

  describe('readIfThere()', () => {
    it('gives the text of a file, and undefined where there is none', async () => {
      writeFileSync(at('a'), 'täxt\n')
      assert.equal(await readIfThere(at('a')), 'täxt\n')
      assert.equal(await readIfThere(at('b')), undefined)
      assert.equal(await readIfThere(at('a', 'below a file')), undefined)
    })

    it('throws where there is something that it cannot read', async () => {
      await assert.rejects(readIfThere(folder.path), {
        name: 'FileError',
        code: 'file_error',
        facts: {path: folder.path},
      })
      symlinkSync(at('loop'), at('loop'))
      await assert.rejects(readIfThere(at('loop')), {name: 'FileError', code: 'file_error'})
    })

    it('throws at once where a pipe has the name, which nobody writes to', async () => {
      spawnSync('mkfifo', [at('pipe')])
      await assert.rejects(readIfThere(at('pipe')), {name: 'FileError', code: 'file_error', facts: {path: at('pipe')}})
    })

    it('throws where it may not read', async () => {
      writeFileSync(at('a'), 'x', {mode: 0})
      // root may read everything, so it steps down to nobody meanwhile.
      const isRoot = process.getuid?.() === 0
      if (isRoot) process.seteuid?.(NOBODY)
      try {
        await assert.rejects(readIfThere(at('a')), {name: 'FileError', code: 'file_error'})
      } finally {
        if (isRoot) process.seteuid?.(0)
      }
    })
  })

  describe('writeWhole()', () => {
    it('writes text and bytes with mode 0600, or the one given, and nothing beside the file', async () => {
      await writeWhole(at('text'), 'täxt')
      await writeWhole(at('bytes'), Uint8Array.of(0, 255), {mode: 0o644})
      assert.deepEqual(readdirSync(folder.path), ['bytes', 'text'])
      assert.deepEqual([readFileSync(at('text'), 'utf8'), modeOf(at('text'))], ['täxt', '600'])
      assert.deepEqual([[...readFileSync(at('bytes'))], modeOf(at('bytes'))], [[0, 255], '644'])
    })

    it('replaces a file, its open mode and a link by a file of its own', async () => {
      writeFileSync(at('a'), 'old', {mode: 0o666})
      chmodSync(at('a'), 0o666)
      symlinkSync(at('a'), at('link'))
      await writeWhole(at('a'), 'new')
      await writeWhole(at('link'), 'newer')
      assert.deepEqual([readFileSync(at('a'), 'utf8'), modeOf(at('a'))], ['new', '600'])
      assert.deepEqual([readFileSync(at('link'), 'utf8'), lstatSync(at('link')).isFile()], ['newer', true])
    })

    it('leaves the old text and no temporary file where it fails', async () => {
      mkdirSync(at('a'))
      writeFileSync(at('a', 'inside'), 'old')
      await assert.rejects(writeWhole(at('a'), 'new'), {name: 'FileError', code: 'file_error', facts: {path: at('a')}})
      assert.deepEqual(readdirSync(folder.path), ['a'])
      assert.equal(readFileSync(at('a', 'inside'), 'utf8'), 'old')
      await assert.rejects(writeWhole(at('none', 'b'), 'new'), {name: 'FileError'})
      assert.deepEqual(readdirSync(folder.path), ['a'])
    })

    it('is never seen half written by a reader', async () => {
      const texts = ['a', 'b'].map((letter) => letter.repeat(1 << 20))
      await writeWhole(at('file'), texts[0] ?? '')
      let isOver = false
      const writing = (async () => {
        for (let time = 0; time < 10; time += 1) await writeWhole(at('file'), texts[time % 2] ?? '')
      })().finally(() => {
        isOver = true
      })
      while (!isOver) {
        // A read is no pause: the writer would never get its turn.
        await setImmediate()
        const text = await readIfThere(at('file'))
        assert.ok(
          texts.some((one) => one === text),
          `${text?.length} bytes of ${text?.slice(0, 3)}`,
        )
      }
      await writing
    })
  })

  describe('makePrivateFolder()', () => {
    it('makes every missing folder 0700, whatever the umask', async () => {
      const umask = process.umask(0)
      try {
        await makePrivateFolder(at('a', 'b'))
      } finally {
        process.umask(umask)
      }
      assert.deepEqual([modeOf(at('a')), modeOf(at('a', 'b'))], ['700', '700'])
      await makePrivateFolder(at('a', 'b'))
    })

    it('refuses a folder that is open to others, without changing it', async () => {
      for (const mode of [0o750, 0o701, 0o722]) {
        mkdirSync(at(`${mode}`))
        chmodSync(at(`${mode}`), mode)
        await assert.rejects(makePrivateFolder(at(`${mode}`)), {name: 'UnsafeFolderError', code: 'unsafe_folder'})
        assert.equal(statSync(at(`${mode}`)).mode & 0o777, mode)
      }
    })

    it('refuses a link to a good folder', async () => {
      mkdirSync(at('good'), {mode: 0o700})
      symlinkSync(at('good'), at('link'))
      await assert.rejects(makePrivateFolder(at('link')), {
        name: 'UnsafeFolderError',
        message: `The folder ${at('link')} is a link.`,
      })
    })

    it('makes it again where someone who clears up takes it away meanwhile', async () => {
      let isDone = false
      const clearing = (async () => {
        while (!isDone) await removeEmptyFolders(at('a', 'b', 'c'), folder.path)
      })()
      for (let time = 0; time < 300; time += 1) await makePrivateFolder(at('a', 'b', 'c'))
      isDone = true
      await clearing
    })

    it('throws a FileError where a file is in the way', async () => {
      writeFileSync(at('a'), '')
      await assert.rejects(makePrivateFolder(at('a')), {name: 'FileError', code: 'file_error'})
      await assert.rejects(makePrivateFolder(at('a', 'b')), {name: 'FileError', code: 'file_error'})
    })
  })

  it('folderFault() names a foreign owner', async function () {
    if (process.platform === 'win32') this.skip() // Owners are not looked at there.
    const isRoot = process.getuid?.() === 0
    if (isRoot) chownSync(folder.path, NOBODY, NOBODY)
    assert.equal(await folderFault(isRoot ? folder.path : '/'), 'belongs to another user')
  })

  it('folderFault() names a file in the place of a folder', async () => {
    writeFileSync(at('a'), '')
    assert.equal(await folderFault(at('a')), 'is not a folder')
  })

  it('refuseUnsafeFolders() names the first that is there and not ours alone', async () => {
    mkdirSync(at('good'), {mode: 0o700})
    mkdirSync(at('open'))
    chmodSync(at('open'), 0o770)
    await refuseUnsafeFolders(at('none'), at('good'))
    await assert.rejects(refuseUnsafeFolders(at('good'), at('open')), {
      code: 'unsafe_folder',
      facts: {path: at('open')},
    })
  })

  it('removeHalfWritten() takes what writeWhole() leaves of these files, and nothing else', async () => {
    const others = ['a', 'a.0123456789a.tmp', 'a.lock.0123456789ab.tmp', 'b.0123456789ab.tmp', 'a.0123456789ab.tmp.bak']
    for (const name of [...others, 'a.0123456789ab.tmp']) writeFileSync(at(name), '')
    await removeHalfWritten(folder.path, /^a$/)
    assert.deepEqual(readdirSync(folder.path), others.toSorted())
  })

  it('removeWhole() takes all that is in a folder, a link but not its target, and nothing is fine', async () => {
    mkdirSync(at('a', 'b'), {recursive: true})
    writeFileSync(at('kept'), '')
    symlinkSync(at('kept'), at('a', 'link'))
    await removeWhole(at('a'))
    await removeWhole(at('a'))
    assert.deepEqual(readdirSync(folder.path), ['kept'])
  })

  it('removeWhole() takes what somebody else puts into a folder meanwhile', async () => {
    for (let time = 0; time < 20; time += 1) {
      mkdirSync(at('busy'))
      for (let name = 0; name < 50; name += 1) writeFileSync(at('busy', `${name}`), '')
      let left = 20
      const write = (): void => {
        try {
          writeFileSync(at('busy', `late-${left}`), '')
        } catch {
          return
        }
        left -= 1
        if (left > 0) setTimeout(write, 0)
      }
      write()
      await removeWhole(at('busy'))
    }
    assert.equal(existsSync(at('busy')), false)
  })

  it('removeEmptyFolders() goes up as long as folders are empty, and never to the last one or beside it', async () => {
    mkdirSync(at('top', 'a', 'b', 'c'), {recursive: true})
    mkdirSync(at('top', 'x', 'y'), {recursive: true})
    writeFileSync(at('top', 'x', 'file'), '')
    mkdirSync(at('topmost'))
    await removeEmptyFolders(at('top', 'a', 'b', 'c'), at('top'))
    await removeEmptyFolders(at('top', 'x', 'y'), at('top'))
    await removeEmptyFolders(at('topmost'), at('top'))
    await removeEmptyFolders(at('top'), at('top'))
    assert.deepEqual(readdirSync(at('top')), ['x'])
    assert.deepEqual(readdirSync(at('top', 'x')), ['file'])
    assert.equal(existsSync(at('topmost')), true)
  })
})
