import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {type Attachment, findAttachment, listAttachments} from '../../src/attachment/attachment.ts'
import {removeAttachment, writeAttachment} from '../../src/attachment/change-attachments.ts'
import {bornAt} from '../../src/attachment/place.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('attachments', () => {
  const folder = temporaryFolder()
  const at = (...names: string[]): string => join(folder.path, ...names)
  const state = (): string => at('state')
  const make = (...names: string[]): string => {
    mkdirSync(at(...names), {recursive: true})
    return at(...names)
  }
  const attachment = (tree: string, id = '41', born = '0'): Attachment => ({
    tree,
    born,
    account: 'work',
    origin: 'https://app.example.com',
    workspaceId: id as WorkspaceId,
    title: 'calm-reed',
  })
  const attach = async (tree: string, id?: string): Promise<Attachment> => {
    const made = attachment(tree, id, await bornAt(tree).catch(() => '0'))
    await writeAttachment(state(), made)
    return made
  }
  const files = (): string[] => readdirSync(join(state(), 'attachments'))

  describe('findAttachment()', () => {
    it('finds the nearest place around, itself included, and none beside or below', async () => {
      const [outer, inner] = [make('home', 'a'), make('home', 'a', 'b')]
      make('home', 'a', 'b', 'c')
      make('home', 'ab')
      const [one, two] = [await attach(outer, '1'), await attach(inner, '2')]
      assert.deepEqual(await findAttachment(state(), outer), {...one, isReplaced: false})
      assert.deepEqual(await findAttachment(state(), inner), {...two, isReplaced: false})
      assert.deepEqual(await findAttachment(state(), at('home', 'a', 'b', 'c')), {...two, isReplaced: false})
      assert.equal(await findAttachment(state(), at('home')), undefined)
      assert.equal(await findAttachment(state(), at('home', 'ab')), undefined)
    })

    it('goes by the real path, whichever link led here', async () => {
      const real = await attach(make('real', 'tree'))
      make('real', 'tree', 'deep')
      symlinkSync(at('real', 'tree', 'deep'), at('link'))
      assert.deepEqual(await findAttachment(state(), at('link')), {...real, isReplaced: false})
    })

    it('does not take what lies in the tree itself for an attachment', async () => {
      const tree = make('tree')
      await attach(make('other'))
      const [name = ''] = files()
      writeFileSync(join(tree, name), JSON.stringify(attachment(tree)))
      writeFileSync(join(tree, '.runcode.json'), JSON.stringify(attachment(tree)))
      assert.equal(await findAttachment(state(), tree), undefined)
    })

    const whole = attachment('/x')
    for (const [why, text] of Object.entries({
      empty: '',
      cut: '{"tree":"/',
      null: 'null',
      'without an account': JSON.stringify({...whole, account: undefined}),
      'without the birth of its tree': JSON.stringify({...whole, born: undefined}),
      'with an id that is none': JSON.stringify({...whole, workspaceId: '../1'}),
      'of another tree': JSON.stringify(whole),
    })) {
      it(`refuses a file that is ${why}, and does not look further up: nobody chose for here what is there`, async () => {
        await attach(make('a'), '1')
        const before = files()
        await attach(make('a', 'b'), '2')
        const inner = files().find((name) => !before.includes(name)) ?? ''
        writeFileSync(join(state(), 'attachments', inner), text)
        await assert.rejects(findAttachment(state(), at('a', 'b')), {
          name: 'DamagedAttachmentError',
          code: 'file_error',
        })
      })
    }

    it('refuses the file of one tree under the name of another', async () => {
      await Promise.all([attach(make('a'), '1'), attach(make('b'), '2')])
      const [one = '', two = ''] = files().map((name) => join(state(), 'attachments', name))
      renameSync(one, `${one}.kept`)
      copyFileSync(two, one)
      copyFileSync(`${one}.kept`, two)
      for (const tree of ['a', 'b'])
        await assert.rejects(findAttachment(state(), at(tree)), {name: 'DamagedAttachmentError'})
    })

    it('refuses a folder of attachments that others can write to, or that is a link', async () => {
      const tree = make('a')
      await attach(tree)
      chmodSync(join(state(), 'attachments'), 0o777)
      await assert.rejects(findAttachment(state(), tree), {code: 'unsafe_folder'})
      chmodSync(join(state(), 'attachments'), 0o700)
      chmodSync(state(), 0o770)
      await assert.rejects(findAttachment(state(), tree), {code: 'unsafe_folder'})
      chmodSync(state(), 0o700)
      renameSync(join(state(), 'attachments'), at('away'))
      symlinkSync(at('away'), join(state(), 'attachments'))
      await assert.rejects(findAttachment(state(), tree), {code: 'unsafe_folder'})
    })

    describe('where another directory has come to the path of the one that was attached', () => {
      const isReplaced = async (tree: string): Promise<boolean | undefined> =>
        (await findAttachment(state(), tree))?.isReplaced
      /** Some file systems do not tell when a directory was made. */
      const skipWithoutBirths = async (context: Mocha.Context): Promise<void> => {
        if ((await bornAt(folder.path)) === '0') context.skip()
      }

      it('says so of one that was made anew, also where it got the inode of the old one', async function () {
        await skipWithoutBirths(this)
        const tree = make('a')
        await attach(tree)
        rmSync(tree, {recursive: true})
        make('a', 'deep')
        assert.equal(await isReplaced(tree), true)
        assert.equal(await isReplaced(at('a', 'deep')), true)
      })

      it('says so of one that was moved there, and knows the old one when it is back', async function () {
        await skipWithoutBirths(this)
        const tree = make('a')
        await pause(20)
        make('b')
        await attach(tree)
        renameSync(tree, at('old'))
        renameSync(at('b'), tree)
        assert.equal(await isReplaced(tree), true)
        assert.equal(await findAttachment(state(), at('old')), undefined)
        renameSync(tree, at('b'))
        renameSync(at('old'), tree)
        assert.equal(await isReplaced(tree), false)
      })

      it('does not say so of one whose content, mode and times have changed', async () => {
        const tree = make('a')
        await attach(tree)
        writeFileSync(at('a', 'file'), 'x')
        rmSync(at('a', 'file'))
        chmodSync(tree, 0o700)
        utimesSync(tree, new Date(), new Date())
        assert.equal(await isReplaced(tree), false)
      })

      it('goes by the path alone where the file system does not tell', async () => {
        const tree = make('a')
        await writeAttachment(state(), attachment(tree, '41', '0'))
        assert.equal(await isReplaced(tree), false)
      })
    })
  })

  it('are private files', async () => {
    await attach(make('a'))
    const [name = ''] = files()
    assert.match(name, /^[0-9a-f]+\.json$/)
    assert.equal(statSync(join(state(), 'attachments', name)).mode & 0o777, 0o600)
    assert.equal(statSync(join(state(), 'attachments')).mode & 0o777, 0o700)
  })

  it('are replaced by another for the same tree', async () => {
    await attach(make('a'), '1')
    const second = await attach(at('a'), '2')
    assert.deepEqual(await listAttachments(state()), [second])
  })

  it('are listed in the order of their trees, without the damaged', async () => {
    assert.deepEqual(await listAttachments(state()), [])
    const [b, a] = [await attach('/b'), await attach('/a')]
    writeFileSync(join(state(), 'attachments', 'damaged.json'), '{')
    writeFileSync(join(state(), 'attachments', 'note.txt'), 'x')
    assert.deepEqual(await listAttachments(state()), [a, b])
  })

  it('leave nothing behind when the last is removed, and the others alone', async () => {
    const [a, b] = [await attach(make('a'), '1'), await attach(make('b'), '2')]
    await removeAttachment(state(), a)
    await removeAttachment(state(), a)
    assert.deepEqual(await listAttachments(state()), [b])
    await removeAttachment(state(), b)
    assert.deepEqual(readdirSync(state()), [])
  })

  it('lose nothing where places are attached and detached at once', async () => {
    const trees = Array.from({length: 10}, (_, at) => `/tree-${at}`)
    const old = await Promise.all(trees.map((tree) => attach(`${tree}-old`)))
    await Promise.all([...trees.map((tree) => attach(tree)), ...old.map((one) => removeAttachment(state(), one))])
    assert.deepEqual(
      (await listAttachments(state())).map(({tree}) => tree),
      trees.toSorted(),
    )
    assert.deepEqual(readdirSync(state()), ['attachments'])
  })

  it('are cleared of what was half written at the next change', async () => {
    await attach(make('a'))
    writeFileSync(join(state(), 'attachments', `${files()[0]}.0123456789ab.tmp`), '{')
    writeFileSync(join(state(), 'attachments', 'of-another.json.0123456789ab.tmp'), '{')
    await attach(make('b'))
    assert.equal(files().length, 2)
  })

  for (const name of ['', 'attachments']) {
    it(`are refused where others could have written them: ${name || 'the state folder'} is open`, async () => {
      await attach(make('a'))
      chmodSync(join(state(), name), 0o770)
      const expected = {code: 'unsafe_folder', facts: {path: join(state(), name)}}
      await assert.rejects(findAttachment(state(), at('a')), expected)
      await assert.rejects(listAttachments(state()), expected)
      await assert.rejects(attach(at('a')), expected)
    })
  }
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
