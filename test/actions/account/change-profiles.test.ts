import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import {dirname} from 'node:path'
import {setProfile} from '../../../src/actions/account/change-profiles.ts'
import {login} from '../../../src/actions/account/login.ts'
import {adoptLocalProfile} from '../../../src/actions/server/local-profile.ts'
import {serverRoot} from '../../../src/actions/server/local-server.ts'
import {fileStore} from '../../../src/credentials/file-store.ts'
import type {Profile, ProfileName} from '../../../src/profile/profile.ts'
import {changeProfiles, readProfiles} from '../../../src/profile/profile-file.ts'
import {serverFolder} from '../../../src/server/server-folder.ts'
import {type ConfigStage, startConfigStage} from '../../support/config-stage.ts'

/** Whoever changes a profile takes nothing back that another has changed. */
describe('what was set of a profile', () => {
  const PROXY = 'http://proxy.example.test:3128'
  let stage: ConfigStage

  before(async () => {
    stage = await startConfigStage()
  })
  beforeEach(() => stage.clear())
  after(() => stage?.stop())

  const profile = async (name: string): Promise<Profile> =>
    (await readProfiles(stage.context.folders.config)).profiles.get(name as ProfileName) ?? assert.fail(name)
  const set = (name: string, changes: Record<string, string>) => setProfile(stage.context, {name, changes})

  it('stays where other fields are set at the same time', async () => {
    await Promise.all([
      set('fake', {ssh_proxy: PROXY}),
      set('fake', {web_base: 'https://web.example.test'}),
      set('fake', {ca_file: (await profile('work')).caFile ?? ''}),
    ])
    const {sshProxy, webBase, caFile} = await profile('fake')
    assert.deepEqual(
      [sshProxy?.origin, webBase, caFile],
      [PROXY, 'https://web.example.test', (await profile('work')).caFile],
    )
  })

  it('stays where a login waited for the browser meanwhile', async () => {
    await login(stage.context, {
      ...{profile: 'fake', store: 'file', mayReplace: async () => true},
      readToken: async () => {
        await set('fake', {ssh_proxy: PROXY})
        return {secret: 'rc_new', email: 'me@example.test'}
      },
    })
    const {sshProxy, email} = await profile('fake')
    assert.deepEqual([sshProxy?.origin, email], [PROXY, 'me@example.test'])
  })

  it('is not put under a token of another origin, where a login waited meanwhile', async () => {
    const {apiBase} = await profile('fake')
    await login(stage.context, {
      ...{profile: 'fake', store: 'file', mayReplace: async () => true},
      readToken: async () => {
        await set('fake', {api_base: 'https://elsewhere.example.test'})
        return {secret: 'rc_new', email: undefined}
      },
    })
    assert.equal((await profile('fake')).apiBase, apiBase)
    const kept = await fileStore(stage.context.folders.config).read({origin: apiBase, account: 'fake'})
    assert.equal(kept?.secret, 'rc_new')
  })

  it('stays in the profile of the server of this machine, wherever that listens next; the rest is its own', async () => {
    const {ownerToken} = serverFolder(serverRoot(stage.context))
    mkdirSync(dirname(ownerToken), {recursive: true, mode: 0o700})
    writeFileSync(ownerToken, 'rc_owner\n', {mode: 0o600})
    const adopt = (port: number) =>
      adoptLocalProfile(stage.context, {apiBase: `https://localhost:${port}`, caFile: '/srv/ca.pem'})
    await adopt(1)
    await set('local', {ssh_proxy: PROXY})
    await changeProfiles(stage.context.folders.config, ({profiles, ...rest}) => {
      const [name, local] = [...profiles].find(([one]) => one === 'local') ?? assert.fail()
      return {...rest, profiles: new Map(profiles).set(name, {...local, caFile: '/other/ca.pem'})}
    })
    await adopt(2)
    const {sshProxy, ...own} = await profile('local')
    assert.equal(sshProxy?.origin, PROXY)
    assert.deepEqual(own, {
      ...{provider: 'runcode', apiBase: 'https://localhost:2', webBase: undefined},
      ...{caFile: '/srv/ca.pem', store: 'file'},
    })
  })
})
