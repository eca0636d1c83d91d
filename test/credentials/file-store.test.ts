import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {fileStore} from '../../src/credentials/file-store.ts'
import {outcomeOf, startProgram} from '../support/start-program.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

/** The number of the user without rights. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const origin = 'https://app.example.com'
const work = {origin, account: 'work'}
const NOW = new Date('2026-03-04T05:06:07.890Z')

describe('fileStore()', () => {
  const folder = temporaryFolder()
  const config = (): string => join(folder.path, 'config')
  const file = (): string => join(config(), 'credentials.json')
  const store = () => fileStore(config())

  it('keeps, replaces and removes a token, and leaves no file where none is left', async () => {
    assert.equal(await store().read(work), undefined)
    await store().write(work, 'rc_1', NOW)
    await store().write(work, 'rc_2', NOW)
    await store().write({origin, account: 'home'}, 'rc_3', NOW)
    const [first, second] = [await store().read(work), await store().read({origin, account: 'home'})]
    assert.deepEqual([first?.secret, second?.secret], ['rc_2', 'rc_3'])
    assert.deepEqual([await store().remove(work), await store().remove(work)], [true, false])
    assert.equal(await store().read(work), undefined)
    assert.equal(await store().remove({origin, account: 'home'}), true)
    assert.deepEqual(readdirSync(config()), [])
  })

  it('clears away what was half written, which holds tokens too, also where there is nothing to remove', async () => {
    for (const change of [
      () => store().write(work, 'rc_1', NOW),
      () => store().remove(work),
      () => store().remove(work),
    ]) {
      mkdirSync(config(), {recursive: true, mode: 0o700})
      for (const name of ['credentials.json.0123456789ab.tmp', 'credentials.json.lock.0123456789ab.tmp'])
        writeFileSync(join(config(), name), 'rc_half')
      await change()
      assert.deepEqual(
        readdirSync(config()).filter((name) => name.endsWith('.tmp')),
        [],
      )
    }
  })

  it('makes no folder where there is nothing to remove', async () => {
    assert.equal(await store().remove(work), false)
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('is one private file in a private folder', async () => {
    await store().write(work, 'rc_1', NOW)
    assert.deepEqual(readdirSync(config()), ['credentials.json'])
    assert.deepEqual([statSync(file()).mode & 0o777, statSync(config()).mode & 0o777], [0o600, 0o700])
    assert.deepEqual(JSON.parse(readFileSync(file(), 'utf8')), {
      ...{version: 1, tokens: [{...work, token: 'rc_1', stored_at: '2026-03-04T05:06:07.890Z'}]},
    })
    assert.deepEqual([store().kind, store().place], ['file', file()])
  })

  it('has the moment of each token, and none of one that was kept without', async () => {
    const tokens = [{...work, token: 'rc_1'}]
    mkdirSync(config(), {mode: 0o700})
    writeFileSync(file(), JSON.stringify({version: 1, tokens}))
    const other = {origin, account: 'home'}
    await store().write(other, 'rc_2', NOW)
    assert.equal((await store().read(work))?.storedAt, undefined)
    assert.deepEqual((await store().read(other))?.storedAt, NOW)
    assert.ok(!('stored_at' in JSON.parse(readFileSync(file(), 'utf8')).tokens[0]))
  })

  it('gives a token to its origin and its account only', async () => {
    await store().write(work, 'rc_1', NOW)
    for (const key of [
      {origin: 'https://app.example.com:4443', account: 'work'},
      {origin: 'https://evil.example.com', account: 'work'},
      {origin, account: 'Work'},
      {origin, account: ''},
    ]) {
      assert.equal(await store().read(key), undefined)
      assert.equal(await store().remove(key), false)
    }
  })

  it('loses nothing when five processes write at once', async () => {
    const program = new URL('write-tokens.ts', import.meta.url)
    const outcomes = await Promise.all([...'abcde'].map((name) => outcomeOf(startProgram(program, [config(), name]))))
    assert.deepEqual(
      outcomes.map(({code}) => code),
      [0, 0, 0, 0, 0],
    )
    const {tokens} = JSON.parse(readFileSync(file(), 'utf8')) as {tokens: {account: string; token: string}[]}
    const wanted = [...'abcde'].flatMap((name) => Array.from({length: 10}, (_, at) => `${name}${at} rc_${name}${at}`))
    assert.deepEqual(tokens.map(({account, token}) => `${account} ${token}`).toSorted(), wanted)
    assert.deepEqual(readdirSync(config()), ['credentials.json'])
  })

  for (const [why, text] of Object.entries({
    empty: '',
    cut: '{"version":1,"tokens":[{"origin":"https://app.ex',
    null: 'null',
    'a list': '[]',
    'of another version': '{"version":2,"tokens":[]}',
    'without tokens': '{"version":1}',
    'holding null': '{"version":1,"tokens":[null]}',
    'holding half an entry': '{"version":1,"tokens":[{"origin":"https://app.example.com","account":"work"}]}',
    'holding a moment that is none':
      '{"version":1,"tokens":[{"origin":"https://a","account":"work","token":"x","stored_at":"soon"}]}',
    'holding a token that is no text': '{"version":1,"tokens":[{"origin":"https://a","account":"work","token":7}]}',
  })) {
    it(`refuses a file that is ${why}, never repeats it, and never overwrites it`, async () => {
      mkdirSync(config(), {mode: 0o700})
      writeFileSync(file(), text)
      const refusal = {name: 'DamagedCredentialsError', code: 'file_error', facts: {path: file()}}
      await assert.rejects(store().read(work), refusal)
      await assert.rejects(store().write(work, 'rc_1', NOW), refusal)
      await assert.rejects(store().remove(work), refusal)
      await assert.rejects(store().read(work), ({message}: Error) => !message.includes('app.ex'))
      assert.equal(readFileSync(file(), 'utf8'), text)
      assert.deepEqual(readdirSync(config()), ['credentials.json'])
    })
  }

  it('writes nothing into a folder that is open to others', async () => {
    mkdirSync(config())
    chmodSync(config(), 0o755)
    await assert.rejects(store().write(work, 'rc_1', NOW), {code: 'unsafe_folder'})
    assert.deepEqual(readdirSync(config()), [])
  })

  it('reads nothing from a folder that is open to others', async () => {
    await store().write(work, 'rc_1', NOW)
    chmodSync(config(), 0o770)
    await assert.rejects(store().read(work), {code: 'unsafe_folder'})
  })

  /** Whatever is asked of the store, it is refused in these words. */
  const isRefused = async (refusal: {code: string; message: string}): Promise<void> => {
    for (const attempt of [
      () => store().read(work),
      () => store().write(work, 'rc_new', NOW),
      () => store().remove(work),
    ])
      await assert.rejects(attempt(), refusal)
  }

  it('takes no link for the file, behind which the tokens would stay that it replaces or removes', async () => {
    await store().write(work, 'rc_1', NOW)
    renameSync(file(), join(folder.path, 'elsewhere'))
    symlinkSync(join(folder.path, 'elsewhere'), file())
    await isRefused({code: 'file_error', message: `Could not read ${file()}: it is a link`})
    assert.match(readFileSync(join(folder.path, 'elsewhere'), 'utf8'), /rc_1/)
    assert.deepEqual(readdirSync(config()), ['credentials.json'])
  })

  for (const [what, put] of Object.entries({
    pipe: () => spawnSync('mkfifo', [file()]),
    folder: () => mkdirSync(file()),
  })) {
    it(`takes no ${what} for the file, and ends at once`, async () => {
      mkdirSync(config(), {mode: 0o700})
      put()
      await isRefused({code: 'file_error', message: `Could not read ${file()}: it is no regular file`})
    })
  }

  describe('of another user', () => {
    before(function () {
      if (!isRoot) this.skip()
    })

    it('takes no file', async () => {
      await store().write(work, 'rc_theirs', NOW)
      chownSync(file(), NOBODY, NOBODY)
      await isRefused({code: 'file_error', message: `Could not read ${file()}: it belongs to another user`})
      assert.match(readFileSync(file(), 'utf8'), /rc_theirs/)
    })

    it('takes no folder, and no link of theirs to one of ours', async () => {
      await store().write(work, 'rc_theirs', NOW)
      chownSync(config(), NOBODY, NOBODY)
      await isRefused({code: 'unsafe_folder', message: `The folder ${config()} belongs to another user.`})
      chownSync(config(), 0, 0)
      renameSync(config(), join(folder.path, 'ours'))
      symlinkSync(join(folder.path, 'ours'), config())
      lchownSync(config(), NOBODY, NOBODY)
      await isRefused({code: 'unsafe_folder', message: `The folder ${config()} is a link.`})
      assert.deepEqual(readdirSync(join(folder.path, 'ours')), ['credentials.json'])
    })
  })

  it('keeps all that it had where the disk is full, and leaves no half of it', async function () {
    mkdirSync(config(), {mode: 0o700})
    const options = 'size=64k,mode=0700'
    if (!isRoot || spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', config()]).status !== 0) {
      if (this.test) this.test.title += ' (skipped: no mount)'
      this.skip()
    }
    try {
      // More than a block, so that it can be cut.
      await store().write(work, 'x'.repeat(4000), NOW)
      await store().write({origin, account: 'home'}, 'y'.repeat(4000), NOW)
      const before = readFileSync(file(), 'utf8')
      for (const freeBlocks of [0, 1, 2]) {
        writeFileSync(join(config(), 'filler'), '')
        const {bavail, bsize} = statfsSync(config())
        writeFileSync(join(config(), 'filler'), Buffer.alloc((bavail - freeBlocks) * bsize))
        const hint = 'The disk is full; free some space and repeat the command.'
        await assert.rejects(store().write(work, 'z'.repeat(4000), NOW), {code: 'file_error', hint})
        assert.equal(readFileSync(file(), 'utf8'), before)
        assert.deepEqual(readdirSync(config()), ['credentials.json', 'filler'])
      }
    } finally {
      spawnSync('umount', ['-l', config()])
    }
  })
})
