import assert from 'node:assert/strict'
import {aliasPrefix, nameHosts} from '../../src/user-ssh-config/host-names.ts'
import {parseWorkspaceId, type Workspace} from '../../src/workspace/workspace.ts'

const workspace = (id: string, title: string, more: Partial<Workspace> = {}): Workspace => ({
  id: parseWorkspaceId(id) ?? assert.fail(id),
  title,
  displayName: null,
  state: 'running',
  isShared: false,
  hasSsh: true,
  ...more,
})
const NAMING = {account: 'local', prefix: 'runcode.'}
const aliases = (...workspaces: readonly Workspace[]): readonly string[] =>
  nameHosts(workspaces, NAMING).hosts.map(({alias}) => alias)
const refused = (...workspaces: readonly Workspace[]): readonly string[] =>
  nameHosts(workspaces, NAMING).refused.map(({id, why}) => `${id}: ${why}`)

describe('the names of hosts', () => {
  it('have the profile in them where it is not the default one', () => {
    assert.equal(aliasPrefix('local', 'local'), 'runcode.')
    assert.equal(aliasPrefix('work', 'local'), 'runcode.work.')
  })

  it('are titles where these are plain words, and ids elsewhere', () => {
    assert.deepEqual(
      aliases(workspace('1', 'calm-reed_7'), workspace('2', 'a.dot'), workspace('3', `${'x'.repeat(65)}`)),
      ['runcode.calm-reed_7', 'runcode.2', 'runcode.3'],
    )
  })

  it('are refused to titles that no gateway would take as a user', () => {
    for (const title of ['-x', 'a b', 'a*', '!a', 'ä', 'a"b', 'a\nProxyCommand x', '%h', 'x'.repeat(129)])
      assert.deepEqual(refused(workspace('1', title)), ['1: its title cannot be a user of SSH'], title)
  })

  it('are never shared by two: none of them gets it', () => {
    const [one, other] = [workspace('1', 'demo'), workspace('2', 'Demo')]
    assert.deepEqual(aliases(one, other), [])
    assert.deepEqual(refused(one, other), [
      '1: its host would have the name of that of 2',
      '2: its host would have the name of that of 1',
    ])
    const [title, id] = [workspace('5', '77'), workspace('77', 'a.b')]
    assert.deepEqual(aliases(title, id), [])
  })

  it('are taken from no own workspace by a shared one', () => {
    const [own, shared] = [workspace('1', 'demo'), workspace('2', 'demo', {isShared: true})]
    assert.deepEqual(aliases(own, shared), ['runcode.demo'])
    assert.deepEqual(refused(own, shared), ['2: its host would have the name of that of 1'])
    assert.deepEqual(aliases(shared, workspace('3', 'demo', {isShared: true})), [])
  })

  it('come with what people call them, in plain ASCII on one line', () => {
    const labels = ['Café  ☕ API', '\u202Eevil\nHost *', '☕', ' x '.repeat(60)].map(
      (displayName) => nameHosts([workspace('1', 'a', {displayName})], NAMING).hosts[0]?.label,
    )
    assert.deepEqual(labels, ['Cafe API', 'evil Host *', '1', `${'x '.repeat(39)}x`])
  })
})
