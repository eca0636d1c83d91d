import assert from 'node:assert/strict'
import {chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {removeTree} from '../../src/server/remove-tree.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('removeTree()', () => {
  const folder = temporaryFolder()

  /** root may remove everything, so it steps down to nobody meanwhile. */
  const asNobody = async (work: () => Promise<void>): Promise<void> => {
    const isRoot = process.getuid?.() === 0
    if (isRoot) chmodSync(folder.path, 0o777)
    if (isRoot) process.seteuid?.(65_534)
    try {
      await work()
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  }

  it('removes folders that even their owner cannot empty', () =>
    asNobody(async () => {
      const locked = join(folder.path, 'tree', 'module', 'cache')
      mkdirSync(locked, {recursive: true})
      writeFileSync(join(locked, 'file'), '')
      for (const path of [locked, join(locked, '..')]) chmodSync(path, 0o555)
      await removeTree(join(folder.path, 'tree'), process.env)
      assert.equal(existsSync(join(folder.path, 'tree')), false)
    }))

  it('changes and removes nothing behind a link', () =>
    asNobody(async () => {
      const outside = join(folder.path, 'outside')
      mkdirSync(outside)
      writeFileSync(join(outside, 'file'), 'kept')
      chmodSync(outside, 0o500)
      mkdirSync(join(folder.path, 'tree'))
      symlinkSync(outside, join(folder.path, 'tree', 'link'))
      await removeTree(join(folder.path, 'tree'), process.env)
      assert.deepEqual([readFileSync(join(outside, 'file'), 'utf8'), statSync(outside).mode & 0o777], ['kept', 0o500])
      chmodSync(outside, 0o700)
    }))
})
