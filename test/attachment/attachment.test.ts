import assert from 'node:assert/strict'
import {mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {
  type Attachment,
  findAttachment,
  listAttachments,
  removeAttachment,
  treeOf,
  writeAttachment,
} from '../../src/attachment/attachment.ts'
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
  const attachment = (tree: string, id = '41'): Attachment => ({
    tree,
    account: 'work',
    origin: 'https://app.example.com',
    workspaceId: id as WorkspaceId,
    title: 'calm-reed',
  })
  const attach = async (tree: string, id?: string): Promise<Attachment> => {
    await writeAttachment(state(), attachment(tree, id))
    return attachment(tree, id)
  }
  const files = (): string[] => readdirSync(join(state(), 'attachments'))

  describe('findAttachment()', () => {
    it('finds the nearest place around, itself included, and none beside or below', async () => {
      const [outer, inner] = [make('home', 'a'), make('home', 'a', 'b')]
      make('home', 'a', 'b', 'c')
      make('home', 'ab')
      const [one, two] = [await attach(outer, '1'), await attach(inner, '2')]
      assert.deepEqual(await findAttachment(state(), outer), one)
      assert.deepEqual(await findAttachment(state(), inner), two)
      assert.deepEqual(await findAttachment(state(), at('home', 'a', 'b', 'c')), two)
      assert.equal(await findAttachment(state(), at('home')), undefined)
      assert.equal(await findAttachment(state(), at('home', 'ab')), undefined)
    })

    it('goes by the real path, whichever link led here', async () => {
      const real = await attach(make('real', 'tree'))
      make('real', 'tree', 'deep')
      symlinkSync(at('real', 'tree', 'deep'), at('link'))
      assert.deepEqual(await findAttachment(state(), at('link')), real)
    })

    it('does not take what lies in the tree itself for an attachment', async () => {
      const tree = make('tree')
      await attach(make('other'))
      const [name = ''] = files()
      writeFileSync(join(tree, name), JSON.stringify(attachment(tree)))
      writeFileSync(join(tree, '.runcode.json'), JSON.stringify(attachment(tree)))
      assert.equal(await findAttachment(state(), tree), undefined)
    })

    for (const [why, text] of Object.entries({
      empty: '',
      cut: '{"tree":"/',
      null: 'null',
      'without an account': '{"tree":"/x","origin":"https://a","workspaceId":"1","title":"t"}',
      'with an id that is none': '{"tree":"/x","account":"a","origin":"https://a","workspaceId":"../1","title":"t"}',
      'of another tree': '{"tree":"/x","account":"a","origin":"https://a","workspaceId":"1","title":"t"}',
    })) {
      it(`takes a file that is ${why} for none, and looks further up`, async () => {
        const outer = await attach(make('a'), '1')
        const before = files()
        await attach(make('a', 'b'), '2')
        const inner = files().find((name) => !before.includes(name)) ?? ''
        writeFileSync(join(state(), 'attachments', inner), text)
        assert.deepEqual(await findAttachment(state(), at('a', 'b')), outer)
      })
    }
  })

  it('are private files', async () => {
    await attach(make('a'))
    const [name = ''] = files()
    assert.match(name, /^[0-9a-f]{32}\.json$/)
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

  describe('treeOf()', () => {
    it('is the git work tree around a place, also where .git is a file, and the nearest of two', async () => {
      const repository = make('home', 'repo')
      make('home', 'repo', '.git')
      const deep = make('home', 'repo', 'src', 'deep')
      assert.equal(await treeOf(deep, at('home')), repository)
      writeFileSync(at('home', 'repo', 'src', '.git'), 'gitdir: ../x\n')
      assert.equal(await treeOf(deep, at('home')), at('home', 'repo', 'src'))
    })

    it('is the place itself where there is no git, and in the home directory', async () => {
      const place = make('home', 'a', 'b')
      assert.equal(await treeOf(place, at('home')), place)
      assert.equal(await treeOf(at('home'), at('home')), at('home'))
    })

    it('is not the home directory where that is under git, nor anything above it', async () => {
      make('.git')
      make('home', '.git')
      const place = make('home', 'a')
      assert.equal(await treeOf(place, at('home')), place)
      rmSync(at('home', '.git'), {recursive: true})
      assert.equal(await treeOf(place, at('home')), place)
    })

    it('is a real path, and knows the home directory by its real path', async () => {
      make('home', '.git')
      const place = make('home', 'a')
      symlinkSync(at('home'), at('me'))
      assert.equal(await treeOf(at('me', 'a'), at('me')), place)
      assert.equal(await treeOf(at('me', 'a'), '/nonexistent'), at('home'))
    })
  })
})
