import assert from 'node:assert/strict'
import {mkdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {isOnlyDefault, realPlace, treeOf} from '../../src/attachment/place.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('places', () => {
  const folder = temporaryFolder()
  const at = (...names: string[]): string => join(folder.path, ...names)
  const make = (...names: string[]): string => {
    mkdirSync(at(...names), {recursive: true})
    return at(...names)
  }

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
  it('that are gone are none', async () => {
    await assert.rejects(realPlace(at('gone')), {name: 'NoPlaceError', code: 'not_attached'})
    await assert.rejects(treeOf(at('gone'), at('home')), {name: 'NoPlaceError'})
  })

  it('are told apart by composed characters, and may have any name', async () => {
    for (const name of ['\u00e9', 'e\u0301', 'a\nb', ' ', '-x', '$(x)'])
      assert.equal(await treeOf(make(name), '/h'), at(name))
    assert.notEqual(await realPlace(at('\u00e9')), await realPlace(at('e\u0301')))
  })

  describe('isOnlyDefault()', () => {
    for (const [why, tree, cwd, wanted] of [
      ['the home directory, seen from below', ['home'], ['home', 'a'], true],
      ['the home directory, seen from itself', ['home'], ['home'], false],
      ['a place below the home directory', ['home', 'a'], ['home', 'a', 'b'], false],
      ['a place above the home directory', [], ['home', 'a'], true],
      ['a place beside the home directory', ['work'], ['work', 'a'], false],
    ] as const) {
      it(`is ${wanted} for ${why}`, async () => {
        make('home', 'a', 'b')
        make('work', 'a')
        symlinkSync(at('home'), at('me'))
        for (const home of [at('home'), at('me')]) {
          assert.equal(await isOnlyDefault(at(...tree), {cwd: at(...cwd), home}), wanted)
        }
      })
    }
  })
})
