import assert from 'node:assert/strict'
import {chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {chooseControlPath} from '../../src/openssh/choose-control-path.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('chooseControlPath()', () => {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder.path, name)

  it('makes the first folder, 0700, and names the socket by its key alone', async () => {
    const {path = ''} = await chooseControlPath([at('a'), at('b')], 'key')
    assert.match(path.slice(folder.path.length), /^\/a\/[0-9a-f]{16}$/)
    assert.equal(statSync(at('a')).mode & 0o777, 0o700)
    assert.equal(existsSync(at('b')), false)
    assert.deepEqual(await chooseControlPath([at('a')], 'key'), {path})
    assert.notDeepEqual(await chooseControlPath([at('a')], 'other key'), {path})
  })

  it('goes on to the next folder where one is open, a link, a file, too long, or nothing for ssh', async () => {
    mkdirSync(at('open'))
    chmodSync(at('open'), 0o755)
    symlinkSync(folder.path, at('link'))
    writeFileSync(at('file'), '')
    const bad = [at('open'), at('link'), at('file'), join(at('file'), 'below'), at('x'.repeat(100)), at('a"b')]
    const {path} = await chooseControlPath([...bad, at('good')], 'key')
    assert.equal(path?.startsWith(`${at('good')}/`), true)
    assert.deepEqual(await chooseControlPath(bad, 'key'), {
      path: undefined,
      why: [
        `${bad[0]} is open to other users`,
        `${bad[1]} is a link`,
        `${bad[2]} cannot be made`,
        `${bad[3]} cannot be made`,
        `${bad[4]} is too long for a socket`,
        `${bad[5]} has characters that ssh cannot be given`,
      ].join('; '),
    })
  })

  it('counts bytes, not characters, and leaves room for the name that ssh binds first', async () => {
    const limit = process.platform === 'linux' ? 90 : 86
    const room = limit - Buffer.byteLength(folder.path) - 1 - 17
    const {path} = await chooseControlPath([at('a'.repeat(room))], 'key')
    assert.equal(Buffer.byteLength(path ?? ''), limit)
    assert.deepEqual((await chooseControlPath([at('a'.repeat(room + 1))], 'key')).path, undefined)
    assert.deepEqual((await chooseControlPath([at('ä'.repeat(Math.ceil((room + 1) / 2)))], 'key')).path, undefined)
  })
})
