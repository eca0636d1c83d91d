import assert from 'node:assert/strict'
import fc from 'fast-check'
import {UnsafeProgramError} from '../../src/openssh/proxy-command.ts'
import {BEGIN, END} from '../../src/user-ssh-config/block.ts'
import {parseBlock} from '../../src/user-ssh-config/parse-block.ts'
import {ForeignBlockError, parseConfig} from '../../src/user-ssh-config/parse-config.ts'
import {
  includeLine,
  renderBlock,
  renderHost,
  renderInclude,
  UnsafeIncludeError,
} from '../../src/user-ssh-config/render-hosts.ts'
import {exampleEntry, exampleFiles, PROGRAM} from './example-entry.ts'

const title = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,20}$/)
const entry = fc
  .tuple(title, fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.stringMatching(/^[1-9]\d{0,8}$/), fc.boolean())
  .map(([user, account, id, isMultiplexed]) => ({...exampleEntry({user, account, id}), isMultiplexed}))

const render = ({isMultiplexed, ...host}: {isMultiplexed: boolean} & ReturnType<typeof exampleEntry>) =>
  renderHost(host, exampleFiles(host, isMultiplexed ? '/run/x/y' : undefined), PROGRAM)

describe('the entries of a block', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(entry, {maxLength: 5}), fc.boolean(), (hosts, isNewFile) => {
        const parsed = parseBlock(renderBlock(hosts.map(render), {isNewFile}), undefined)
        assert.deepEqual(
          parsed.entries,
          hosts.map((one) => ({...one, programs: [PROGRAM.node, PROGRAM.script], lines: render(one)})),
        )
        assert.deepEqual([parsed.isOurs, parsed.isNewFile, parsed.strangeLines], [true, isNewFile, []])
      }),
      {numRuns: 200},
    )
  })

  it('name a file that they are in', () => {
    const file = '/home/me/.config/runcode/cli/ssh_config'
    const lines = renderInclude(file, {isNewFile: false})
    assert.equal(lines[1], `Include "${file}"`)
    for (const [included, includes, strange] of [
      [file, file, []],
      ['/other', undefined, [1]],
      [undefined, undefined, [1]],
    ] as const) {
      const parsed = parseBlock(lines, included)
      assert.deepEqual([parsed.includes, parsed.strangeLines], [includes, strange])
    }
  })

  it('have an option each, none behind a comment, and no pattern but the last line', () => {
    const lines = render({...exampleEntry({}), isMultiplexed: false})
    assert.deepEqual(
      lines.slice(2).filter((line) => !/^ {2}[A-Za-z0-9]+ [^#\s][^#]*$/.test(line)),
      [],
    )
    const keywords = lines.slice(2).map((line) => line.trim().split(' ')[0])
    assert.equal(new Set(keywords).size, keywords.length)
  })

  it('start us by a word in quotes each, whatever blanks and percent signs are in the paths', () => {
    const program = {node: '/opt/my node/100%/node', script: '/x (1)/run.js'}
    const host = exampleEntry({})
    const lines = renderHost(host, exampleFiles(host), program)
    assert.ok(
      lines.includes(
        '  ProxyCommand /usr/bin/env NODE_CHANNEL_FD=1 "/opt/my node/100%%/node" "/x (1)/run.js" proxy local/41 demo',
      ),
    )
  })

  it('are not written for a program in a path that a shell would read into', () => {
    const host = exampleEntry({})
    for (const path of ['/a$b/node', '/a`b/node', '/a"b/node', '/a\\b/node', '/a!b/node', '/a\nb/node'])
      assert.throws(() => renderHost(host, exampleFiles(host), {...PROGRAM, node: path}), UnsafeProgramError, path)
  })

  it('are not put into a file that Include would take for a pattern', () => {
    for (const path of ['/a*/b', '/a?/b', '/a[1]/b', '/a{b}/c', '/100%/b'])
      assert.throws(() => includeLine(path), UnsafeIncludeError)
  })

  describe('with lines that are not ours', () => {
    const config = (block: readonly string[], adopt = false) =>
      parseConfig(`Host a\n${[BEGIN, ...block, END].join('\n')}\n`, {path: '/c', home: '/', included: '/i', adopt})
    const ours = renderBlock([render({...exampleEntry({}), isMultiplexed: false})], {isNewFile: false})

    const strange: Readonly<Record<string, readonly [block: readonly string[], lines: readonly number[]]>> = {
      'a host of another tool': [
        [...ours.slice(0, -1), 'Host x.devpod', '  User me', 'Host *'],
        [2 + ours.length, 3 + ours.length],
      ],
      'an option of all hosts': [[...ours, '  ForwardAgent yes'], [3 + ours.length]],
      'a host of ours without its lines': [[...ours, 'Host runcode.x'], [3 + ours.length]],
      'a file of others': [[...ours, 'Include "/x"'], [3 + ours.length]],
      'the same file twice': [[...ours, 'Include "/i"', 'Include "/i"'], [4 + ours.length]],
      'an option of a host that we do not write': [
        [...ours.slice(0, -1), '  LocalForward 1 a:2', 'Host *'],
        [2 + ours.length],
      ],
      'an option of a host twice': [[...ours.slice(0, -1), '  User me', 'Host *'], [2 + ours.length]],
      'a comment': [[...ours.slice(0, -1), '# mine', 'Host *'], [2 + ours.length]],
      'a comment as ours, of no host': [[...ours, '# Mine (workspace 7)'], [3 + ours.length]],
      'a host that is commented out': [[...ours, '#Host runcode.x'], [3 + ours.length]],
      'a Match': [[ours[0] ?? '', 'Match all', ...ours.slice(1)], [4]],
    }
    for (const [what, [block, lines]] of Object.entries(strange)) {
      it(`are refused with their numbers: ${what}`, () => {
        assert.throws(
          () => config(block),
          (error) => error instanceof ForeignBlockError && assert.deepEqual(error.facts['lines'], lines) === undefined,
        )
        assert.equal(config(block, true).rest, 'Host a\n')
      })
    }

    it('are refused as a whole where another tool wrote the block', () => {
      const block = ['# demo (id 41)', 'Host runcode.demo', '  ProxyCommand "/usr/bin/runcode" proxy 41']
      assert.throws(() => config(block), /was written by another tool/)
      assert.deepEqual(config(block, true).parsed?.entries, [])
    })
  })
})
