import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {createProcessRuntime} from '../../../src/server/runtime/process-runtime/process-runtime.ts'
import type {Runtime} from '../../../src/server/runtime/runtime.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const REED = {id: 1, title: 'reed'}

describe('a workspace that puts links in place of its folders', () => {
  const base = temporaryFolder()
  let folder: string
  let root: string
  let outside: string
  let runtime: Runtime
  beforeEach(async () => {
    folder = join(base.path, 'server', 'workspaces')
    root = join(folder, 'reed')
    outside = join(base.path, 'outside')
    // As a workspace and its server would have it, so that nothing but the link is wrong.
    mkdirSync(join(outside, 'workspaces', 'reed', 'home'), {recursive: true, mode: 0o700})
    mkdirSync(join(outside, 'reed'), {mode: 0o700})
    for (const victim of [outside, join(outside, 'reed'), join(outside, 'workspaces', 'reed', 'home')])
      writeFileSync(join(victim, 'precious'), '')
    runtime = createProcessRuntime({folder, env: {PATH: process.env['PATH'], SHELL: '/bin/sh'}})
    await runtime.start(REED)
  })

  const everything = (): string[] => readdirSync(outside, {recursive: true}).map(String).sort()
  const linkInPlaceOf = (path: string, target: string): void => {
    rmSync(path, {recursive: true})
    symlinkSync(target, path)
  }
  const useAndRemove = async (): Promise<void> => {
    await runtime.start(REED).catch(() => undefined)
    await runtime.exec(REED, {command: 'true', pty: undefined, env: {}}).ended
    await runtime.stop(REED)
    await runtime.remove(REED).catch(() => undefined)
  }

  for (const [what, attack] of Object.entries({
    home: () => linkInPlaceOf(join(root, 'home'), outside),
    'the project': () => linkInPlaceOf(join(root, 'home', 'workspace'), outside),
    'the temporary folder': () => linkInPlaceOf(join(root, 'tmp'), outside),
    'its own folder': () => linkInPlaceOf(root, join(outside, 'reed')),
    'the folder of all workspaces': () => linkInPlaceOf(folder, outside),
    'the folder of the server': () => {
      renameSync(join(base.path, 'server'), join(base.path, 'moved'))
      symlinkSync(outside, join(base.path, 'server'))
    },
    'the folder of pipes': () => linkInPlaceOf(join(folder, '.pipes'), outside),
  }))
    it(`for ${what} makes the server write and delete nothing behind them`, async () => {
      const before = everything()
      attack()
      await useAndRemove()
      assert.deepEqual(everything(), before)
    })

  it('refuses what it would have to do behind a link, and says why', async () => {
    linkInPlaceOf(folder, outside)
    await assert.rejects(runtime.start(REED), {code: 'unsafe_folder'})
    await assert.rejects(runtime.remove(REED), {code: 'unsafe_folder'})
  })

  it('removes the link of a home and leaves where it led', async () => {
    linkInPlaceOf(join(root, 'home'), outside)
    await runtime.remove(REED)
    assert.deepEqual([existsSync(root), existsSync(join(outside, 'precious'))], [false, true])
  })

  it('changes no mode behind a link that it cannot remove', function () {
    // Root may write where nobody may.
    if (process.getuid?.() !== 0) this.skip()
    const program = fileURLToPath(new URL('./link-as-nobody.ts', import.meta.url))
    const {status, stdout} = spawnSync(process.execPath, ['--import', 'tsx', program], {encoding: 'utf8'})
    assert.deepEqual([status, stdout], [0, 'file_error 500\n'])
  })
})
