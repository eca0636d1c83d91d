import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {fileStore} from '../../src/credentials/file-store.ts'
import {readProfiles} from '../../src/profile/profile-file.ts'
import {useFakeAccounts} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {runcode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

/** Many processes of the program at once on the two files that all accounts share. */
describe('twenty logins at once, each of another profile', function () {
  this.timeout(120_000)
  const home = temporaryHome()
  const config = join(home.path, '.config/runcode/cli')
  const names = Array.from({length: 20}, (_, at) => `account-${at}`)
  let plane: FakeControlPlane

  before(async () => {
    plane = await startFakeControlPlane()
    plane.on('GET', '/api/rc/workspaces', () => ({status: 200, body: {error: false, data: {workspaces: []}}}))
    useFakeAccounts(home.path, Object.fromEntries(names.map((name) => [name, plane])), 'rc_old')
  })
  after(async () => {
    await plane?.close()
    home.remove()
  })

  it('lose none, mix none up, and leave nothing behind', async () => {
    const runs = await Promise.all(
      names.map((name) => {
        const options = {env: home.env, cwd: home.path, input: `rc_new-${name}\n`}
        return runcode(['login', '--profile', name, '--store', 'file', '--with-token', '--force'], options)
      }),
    )
    for (const {status, stderr} of runs) assert.equal(status, 0, stderr)
    for (const account of names)
      assert.equal((await fileStore(config).read({origin: plane.apiBase, account}))?.secret, `rc_new-${account}`)
    assert.deepEqual([...(await readProfiles(config)).profiles.keys()].toSorted(), names.toSorted())
    assert.deepEqual(readdirSync(config), ['credentials.json', 'profiles.json'])
  })
})
