import assert from 'node:assert/strict'
import {chmodSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {writeRedirect} from '../../src/login/redirect-file.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const ADDRESS = 'https://web.example.test/auth/cli-login/?port=4000&state=a"b<c'
const NOW = new Date()

describe('the redirect of a login', () => {
  const folder = temporaryFolder()

  it('is a page for this user alone that leads to the address, whatever is in it', async () => {
    const path = await writeRedirect(folder.path, ADDRESS, NOW)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const text = readFileSync(path, 'utf8')
    const escaped = 'https://web.example.test/auth/cli-login/?port=4000&#38;state=a&#34;b&#60;c'
    assert.ok(text.includes(`content="0; url=${escaped}"`), text)
    assert.ok(!basename(path).includes('a"b'))
  })

  it('takes away those of logins that were killed, and no other', async () => {
    const [old, young, other] = [
      'login-0123456789abcdef01234567.html',
      'login-1123456789abcdef01234567.html',
      'x.html',
    ].map((name) => join(folder.path, name)) as [string, string, string]
    for (const path of [old, young, other]) writeFileSync(path, '')
    for (const path of [old, other]) utimesSync(path, NOW, new Date(NOW.getTime() - 601_000))
    await writeRedirect(folder.path, ADDRESS, NOW)
    assert.deepEqual([old, young, other].map(existsSync), [false, true, true])
  })

  it('is not written where others could read it', async () => {
    chmodSync(folder.path, 0o755)
    await assert.rejects(writeRedirect(folder.path, ADDRESS, NOW), {code: 'unsafe_folder'})
  })
})
