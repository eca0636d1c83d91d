import assert from 'node:assert/strict'
import fc from 'fast-check'
import {BEGIN, bytesOf, DamagedBlockError, END, withBlock} from '../../src/user-ssh-config/block.ts'
import {ForeignBlockError, parseConfig} from '../../src/user-ssh-config/parse-config.ts'
import {renderBlock, renderHost} from '../../src/user-ssh-config/render-hosts.ts'
import {isSoak} from '../support/soak.ts'
import {configFiles} from './config-files.ts'
import {exampleEntry, exampleFiles, PROGRAM} from './example-entry.ts'

const hosts = [exampleEntry({}), exampleEntry({user: 'api', id: '42'})]
const ours = renderBlock(
  hosts.map((host) => renderHost(host, exampleFiles(host), PROGRAM)),
  {isNewFile: false},
)

const theirs = fc.constantFrom(
  ...[
    'Host mine',
    '  User me',
    '\tUser me',
    '  ForwardAgent yes',
    '  LocalForward 1 a:2',
    'Match all',
    'User=me',
    '# mine',
  ],
  ...[
    'Include ~/.orbstack/ssh/config',
    'Include "/c/colima"',
    'Host runcode.mine',
    'Host *',
    '# Mine (workspace 7)',
    '',
  ],
  ...[BEGIN, END, BEGIN.slice(2), `  ${END}`, END.replace('managed', 'Managed'), '# <<< other tool <<<'],
)
/** What an editor, a formatter, a merge or a slip makes of one line: the lines that stand there then. */
const edit: fc.Arbitrary<(line: string) => readonly string[]> = fc.oneof(
  fc.constantFrom<(line: string) => readonly string[]>(
    () => [],
    (line) => [line, line],
    (line) => [`\t${line}`],
    (line) => [line.trim()],
    (line) => [`#${line}`],
    (line) => [line.toLowerCase()],
    (line) => [`${line}  `],
    (line) => [`${line}\r`],
    (line) => [line.slice(0, -1)],
    (line) => ['<<<<<<< HEAD', line, '=======', line, '>>>>>>> branch'],
  ),
  theirs.map((other) => (line: string) => [other, line]),
  theirs.map((other) => () => [other]),
)
const edits = fc.array(fc.tuple(fc.nat(), edit), {minLength: 1, maxLength: 3})

describe('a file with a block that others have edited', () => {
  it('is refused, or loses no line but those that we have written, as they were or with another value', () => {
    let understood = 0
    const property = fc.property(configFiles, edits, (before, changes) => {
      const lines = withBlock(before, ours).split('\n')
      for (const [at, change] of changes) {
        // Most of them in the block or beside it.
        const line = at % Math.min(lines.length, ours.length + 4)
        lines.splice(line, 1, ...change(lines[line] ?? ''))
      }
      const text = lines.join('\n')
      let rest: string
      try {
        ;({rest} = parseConfig(text, {path: '/c', home: '/home/me', included: '/i', adopt: false}))
      } catch (error) {
        assert.ok(error instanceof DamagedBlockError || error instanceof ForeignBlockError, String(error))
        return
      }
      understood += 1
      const kept = rest.replace(BOM, '').split('\n')
      const lost = text
        .replace(BOM, '')
        .split('\n')
        .filter((line) => !kept.includes(line))
      assert.deepEqual(
        lost.filter((line) => !isOurs(line.trimEnd())),
        [],
      )
    })
    fc.assert(property, {numRuns: isSoak ? 100_000 : 2000})
    assert.ok(understood > 100)
  })
})

const BOM = bytesOf('\uFEFF')
const keywords = new Set(ours.map((line) => /^ {2}(\S+) /.exec(line)?.[1]))

const isOurs = (line: string): boolean =>
  ['', BEGIN, END, ...ours].includes(line) ||
  keywords.has(/^ {2}(\S+) /.exec(line)?.[1] ?? '') ||
  /^(?:Host runcode\.\S+|# .+ \(workspace \S+\))$/.test(line)
