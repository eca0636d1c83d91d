import assert from 'node:assert/strict'
import fc from 'fast-check'
import SSHConfig, {type Section} from 'ssh-config'
import {textOf, withBlock} from '../../src/user-ssh-config/block.ts'
import {renderBlock, renderHost, renderInclude} from '../../src/user-ssh-config/render-hosts.ts'
import {isSoak} from '../support/soak.ts'
import {configFiles} from './config-files.ts'
import {exampleEntry, exampleFiles} from './example-entry.ts'

/** A path with what a parser may stumble over. */
const AT = {node: '/opt/node 20%/bin/node', script: '/home/zoë/run code/bin/run.js'}
const entries = ['demo', 'api-2', 'Box_3', '41'].flatMap((user, at) => [
  exampleEntry({user, id: String(at + 1)}),
  {...exampleEntry({user, account: 'work', id: String(at + 1)}), alias: `runcode.work.${user}`},
])
const aliases = entries.map(({alias}) => alias)
const lines = renderBlock(
  entries.map((entry) => renderHost(entry, exampleFiles(entry), AT)),
  {isNewFile: false},
)

/** The hosts that a person can choose from: those of a literal name, with at least one option. */
const listed = (text: string): readonly string[] =>
  [...SSHConfig.parse(text)]
    .filter((line): line is Section => 'config' in line && line.param.toLowerCase() === 'host')
    .filter(({config}) => config.some(({type}) => type === SSHConfig.DIRECTIVE))
    .flatMap(({value}) => (typeof value === 'string' ? [value] : value.map(({val}) => val)))
    .filter((name) => !/[*?!]/.test(name))

/** What editors list hosts by is the package `ssh-config`, which reads a file by rules of its own. */
describe('the managed block, as editors read it', () => {
  it('is a host for each workspace, before those of the user', () => {
    const users = 'Host github.com gitlab.com\n  User git\nHost *.example.test\n  Port 7\nHost *\n  Compression yes\n'
    for (const text of [users, users.replaceAll('\n', '\r\n')])
      assert.deepEqual(listed(textOf(withBlock(text, lines))), [...aliases, 'github.com', 'gitlab.com'])
  })

  it('gives them the values of their entry, and none of it to others', () => {
    const config = SSHConfig.parse(textOf(withBlock('User bob\nHost *\n  Port 7\n', lines)))
    for (const entry of entries) {
      const found = config.compute(entry.alias)
      const [command] = [found['ProxyCommand']].flat()
      assert.deepEqual(
        [found['HostName'], found['User'], found['Port'], found['IdentityFile'], found['StrictHostKeyChecking']],
        [
          `${entry.workspaceId}.${entry.account}.runcode.invalid`,
          entry.user,
          '22',
          [exampleFiles(entry).identityFile],
          'yes',
        ],
      )
      assert.match(command ?? '', / proxy (?:local|work)\/\d \S+$/)
    }
    const other = config.compute('github.com')
    assert.deepEqual([other['User'], other['Port'], other['ProxyCommand']], ['bob', '7', undefined])
  })

  it('takes nothing away from any file that they can read', () => {
    fc.assert(
      fc.property(configFiles, (bytes) => {
        const before = textOf(bytes)
        let users: readonly string[]
        try {
          users = listed(before)
        } catch {
          return
        }
        assert.deepEqual(listed(textOf(withBlock(bytes, lines))), [...aliases, ...users])
      }),
      {numRuns: isSoak ? 8000 : 100},
    )
  })

  it('includes the file of ours by its path', () => {
    const path = '/home/me/a b/runcode/cli/ssh_config'
    const [include] = SSHConfig.parse(textOf(withBlock('Host a\n', renderInclude(path, {isNewFile: false})))).filter(
      (line) => 'param' in line && line.param === 'Include',
    )
    assert.equal(include !== undefined && 'value' in include ? include.value : undefined, path)
    assert.deepEqual(listed(`${lines.join('\n')}\n`), aliases)
  })
})
