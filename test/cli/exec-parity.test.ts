import assert from 'node:assert/strict'
import {Parser} from '@oclif/core'
import fc from 'fast-check'
import {failureOf} from '../../src/cli/failure.ts'
import {parseHotPath} from '../../src/cli/hot-path.ts'
import {RUN_FLAGS, type RunLine} from '../../src/cli/run-flags.ts'
import {readRunInput} from '../../src/cli/run-input.ts'
import Exec from '../../src/commands/exec.ts'
import Ssh from '../../src/commands/ssh.ts'

/** A command line as the commands read it by oclif, which sees what stands before the dashes. */
const readLong = async ([verb, ...rest]: readonly string[]): Promise<RunLine> => {
  const end = rest.indexOf('--')
  const ours = end === -1 ? rest : rest.slice(0, end)
  const words = end === -1 ? undefined : rest.slice(end + 1)
  if (verb === 'exec') return {verb, values: (await Parser.parse(ours, {flags: Exec.flags, strict: true})).flags, words}
  const {flags, args} = await Parser.parse(ours, {flags: Ssh.flags, args: Ssh.args, strict: true})
  return {verb: 'ssh', values: {...flags, workspace: args['workspace'] as string}, words}
}

/** What a line asks for, or why it is refused. */
const meaningOf = (line: RunLine): unknown => {
  try {
    return readRunInput(line)
  } catch (error) {
    const {code, message, hint, facts} = failureOf(error)
    return {code, message, hint, facts}
  }
}

/** The two ways must agree wherever the short one takes a line at all; gives what they agree on. */
const agreedOn = async (argv: readonly string[]): Promise<unknown> => {
  const short = parseHotPath(argv)
  const long = await readLong(argv).catch((error: unknown) => failureOf(error).message)
  if (short === undefined) return long
  assert.ok(typeof long !== 'string', `oclif says of ${JSON.stringify(argv)}: ${long}`)
  assert.deepEqual(meaningOf(short), meaningOf(long), JSON.stringify(argv))
  return meaningOf(short)
}

const words = (text: string): readonly string[] => text.split(' ').map((word) => (word === "''" ? '' : word))

/** Plain lines, with what they ask for beside what every one does. */
const PLAIN: Readonly<Record<string, object>> = {
  'exec -- true': {},
  'exec -- a b': {command: {kind: 'words', words: {kind: 'argv', argv: ['a', 'b']}}},
  "exec -- ''": {command: {kind: 'words', words: {kind: 'line', line: ''}}},
  'exec -- -- x': {command: {kind: 'words', words: {kind: 'argv', argv: ['--', 'x']}}},
  'exec -- --json --home -w x': {
    command: {kind: 'words', words: {kind: 'argv', argv: ['--json', '--home', '-w', 'x']}},
  },
  'exec --argv -- true': {command: {kind: 'words', words: {kind: 'argv', argv: ['true']}}},
  'exec --shell -- echo a': {command: {kind: 'words', words: {kind: 'line', line: 'echo a'}}},
  'exec --script f': {command: {kind: 'script', file: 'f', argv: []}},
  'exec --script f --': {command: {kind: 'script', file: 'f', argv: []}},
  'exec --script=f -- a --b': {command: {kind: 'script', file: 'f', argv: ['a', '--b']}},
  'exec --script - -- a': {command: {kind: 'script', file: '-', argv: ['a']}},
  'exec --script=- -- a': {command: {kind: 'script', file: '-', argv: ['a']}},
  'exec --script f -n': {command: {kind: 'script', file: 'f', argv: []}, stdin: 'ignore'},
  'exec --script f --json': {command: {kind: 'script', file: 'f', argv: []}, isJson: true},
  'exec --login -- true': {isLogin: true},
  'exec --login --login -- true': {isLogin: true},
  'exec --timeout 90 -- true': {timeoutSeconds: 90},
  'exec --timeout 1h30m -- true': {timeoutSeconds: 5400},
  'exec --timeout=24d -- true': {timeoutSeconds: 2_073_600},
  'exec --result-file r.json -- true': {},
  'exec --env A=1 -- true': {variables: [['A', '1']]},
  'exec --env=A=1 --env B= --env _c9==x=y -- true': {
    variables: [
      ['A', '1'],
      ['B', ''],
      ['_c9', '=x=y'],
    ],
  },
  'exec --env A=1 --env A=2 -- true': {
    variables: [
      ['A', '1'],
      ['A', '2'],
    ],
  },
  'exec --env A=-1 -- true': {variables: [['A', '-1']]},
  'exec -t -- true': {hasTerminal: true},
  'exec --tty -- true': {hasTerminal: true},
  'exec -t -n -- true': {hasTerminal: true, stdin: 'ignore'},
  'exec -n -- true': {stdin: 'ignore'},
  'exec --no-stdin -- true': {stdin: 'ignore'},
  'exec --home -- true': {home: true},
  'exec --cwd /a --home -- true': {home: true, cwd: '/a'},
  "exec --cwd '' -- true": {cwd: ''},
  'exec --cwd= -- true': {cwd: ''},
  'exec --cwd=a=b -- true': {cwd: 'a=b'},
  'exec --cwd - -- true': {cwd: '-'},
  'exec -w x -- true': {workspace: 'x'},
  'exec --workspace=x --profile p -- true': {workspace: 'x', profile: 'p'},
  'exec --json -- true': {isJson: true},
  'exec --verbose -- true': {isVerbose: true},
  'exec -v --json -- true': {isVerbose: true, isJson: true},
  'ssh -v x -- true': {workspace: 'x', isVerbose: true},
  'ssh x -- true': {workspace: 'x'},
  'ssh --profile p x --json -- true': {workspace: 'x', profile: 'p', isJson: true},
  'ssh --env A=1 x -- true': {workspace: 'x', variables: [['A', '1']]},
  'ssh x --script f -- a': {workspace: 'x', command: {kind: 'script', file: 'f', argv: ['a']}},
}

/** Plain lines that are refused, with the words of the refusal. */
const REFUSED: Readonly<Record<string, string>> = {
  'exec --': 'There is no command to run.',
  'ssh x --': 'There is no command to run.',
  'exec --json --argv --': 'There is no command to run.',
  'exec --argv --shell -- true': '--argv and --shell contradict each other.',
  'ssh x --argv --shell -- true': '--argv and --shell contradict each other.',
  'exec --script f --argv -- true': '--script and --argv contradict each other.',
  'exec --shell --script f -- true': '--script and --shell contradict each other.',
  'exec -t --script f': '--script and --tty contradict each other.',
  'exec -t --json -- true': '--tty and --json contradict each other.',
  'exec --script - -n': '--script - and --no-stdin contradict each other.',
  'exec --env A -- true': 'Value 1 of --env is no variable.',
  'exec --env A=1 --env 1A=x -- true': 'Value 2 of --env is no variable.',
  'exec --env =x -- true': 'Value 1 of --env is no variable.',
  "exec --env '' -- true": 'Value 1 of --env is no variable.',
  'exec --env A-B=x -- true': 'Value 1 of --env is no variable.',
  'exec --timeout soon -- true': '--timeout: "soon" is not a length of time.',
  'exec --timeout 0 -- true': '--timeout: "0" is not a length of time.',
  'exec --timeout 25d -- true': '--timeout 25d is too long.',
  'exec --cwd \u{FFFD} -- true': 'The value of --cwd cannot be carried: it is not UTF-8.',
  'exec --env A=\u{FFFD} -- true': 'The value of --env cannot be carried: it is not UTF-8.',
  'exec -- a \u{FFFD}': 'Word 2 of the command cannot be carried: it holds a zero byte or is not UTF-8.',
}

/** Unusual lines and mistakes are left to oclif: what it says, or undefined where it takes them. */
const LEFT: Readonly<Record<string, string | undefined>> = {
  exec: undefined,
  'exec --json': undefined,
  'exec -wx -- true': undefined,
  'exec -w=x -- true': undefined,
  'exec -tn -- true': undefined,
  'exec --cwd -x -- true': undefined,
  'ssh x': undefined,
  'ssh x --tty': undefined,
  'ssh x --verbose': undefined,
  'exec --verbose=true -- true': 'Unexpected argument.',
  'exec true': 'Unexpected argument.',
  'exec --env A=1 B=2 -- true': 'Unexpected argument.',
  'exec --json=true -- true': 'Unexpected argument.',
  'exec --nope -- true': 'Nonexistent flag: --nope',
  'exec -x -- true': 'Nonexistent flag: -x',
  'exec --no-home -- true': 'Nonexistent flag: --no-home',
  'exec --undefined -- true': 'Nonexistent flag: --undefined',
  'exec --cwd -- true': 'Flag --cwd expects a value',
  'exec --cwd --json -- true': 'Flag --cwd expects a value',
  'exec --cwd=--json -- true': 'Flag --cwd expects a value',
  'exec --cwd -t -- true': 'Flag --cwd expects a value',
  'exec --cwd a --cwd b -- true': 'Flag --cwd can only be specified once',
  'ssh -- true': 'Missing 1 required arg: workspace  title, name or id, or profile:name',
  'ssh -w x -- true': 'Nonexistent flag: -w',
  'ssh x y -- true': 'Unexpected argument.',
  'ssh x --workspace y -- true': 'Nonexistent flag: --workspace',
  "ssh '' -- true": undefined,
}

const BASE = {
  ...{workspace: undefined, profile: undefined, cwd: undefined, home: false},
  ...{variables: [], isLogin: false, hasTerminal: false, stdin: 'inherit', timeoutSeconds: undefined, isJson: false},
  isVerbose: false,
  command: {kind: 'words', words: {kind: 'line', line: 'true'}},
}

describe('a command line of exec and ssh, read the short way and by oclif', () => {
  for (const [line, asked] of Object.entries(PLAIN)) {
    it(`means the same: ${line}`, async () => {
      assert.ok(parseHotPath(words(line)) !== undefined)
      assert.deepEqual(await agreedOn(words(line)), {...BASE, ...asked})
    })
  }

  for (const [line, message] of Object.entries(REFUSED)) {
    it(`is refused the same: ${line}`, async () => {
      assert.ok(parseHotPath(words(line)) !== undefined)
      const refusal = (await agreedOn(words(line))) as {code: string; message: string}
      assert.deepEqual([refusal.code, refusal.message], ['usage', message])
    })
  }

  for (const [line, message] of Object.entries(LEFT)) {
    it(`is left to oclif: ${line}`, async () => {
      assert.equal(parseHotPath(words(line)), undefined)
      const long = await agreedOn(words(line))
      assert.equal(typeof long === 'string' ? long : undefined, message)
    })
  }

  it('means the same, whatever is in it', async () => {
    const flags = Object.entries(RUN_FLAGS).flatMap(([name, flag]) => [
      `--${name}`,
      `--${name}=A=1`,
      ...('char' in flag ? [`-${flag.char}`] : []),
    ])
    const word = fc.oneof(
      {weight: 4, arbitrary: fc.constantFrom(...flags)},
      {weight: 3, arbitrary: fc.constantFrom('x', 'A=1', 'B=', '5m', '-', '', '--', '--nope', '-1', '--no-tty')},
      {weight: 1, arbitrary: fc.string({maxLength: 4})},
    )
    let taken = 0
    const lines = fc.tuple(fc.constantFrom('exec', 'ssh'), fc.array(word, {maxLength: 7}), fc.boolean())
    await fc.assert(
      fc.asyncProperty(lines, async ([verb, some, isCommand]) => {
        const argv = [verb, ...some, ...(isCommand ? ['--', 'true'] : [])]
        await agreedOn(argv)
        if (parseHotPath(argv) !== undefined) taken += 1
      }),
      {numRuns: 2000},
    )
    assert.ok(taken > 100, String(taken))
  })

  it('has a value for a variable byte for byte, blanks and newlines included', async () => {
    const {variables} = (await agreedOn(['exec', '--env', 'A= x\n\ty=\r\n ', '--', 'true'])) as typeof BASE
    assert.deepEqual(variables, [['A', ' x\n\ty=\r\n ']])
  })

  it('is no line of these for any other command, nor with --help', () => {
    for (const argv of [
      [],
      ['list'],
      ['exec', '--help'],
      ['exec', '--cwd', '--help', '--', 'x'],
      ['--json', 'exec', '--', 'x'],
    ])
      assert.equal(parseHotPath(argv), undefined)
  })

  it('never shows a value of --env in a refusal', async () => {
    const refusal = JSON.stringify(await agreedOn(['exec', '--env', 's3cret-token', '--', 'true']))
    assert.ok(!refusal.includes('s3cret'), refusal)
  })
})
