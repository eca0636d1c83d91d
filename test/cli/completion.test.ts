import assert from 'node:assert/strict'
import {existsSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {spawn} from '@lydell/node-pty'
import {Config} from '@oclif/core'
import {answerFor} from '../../src/cli/completion/candidates.ts'
import {joined} from '../../src/cli/completion/shells.ts'
import {ROOT} from '../house/source-tree.ts'
import {type ConfigStage, startConfigStage} from '../support/config-stage.ts'
import {BIN} from '../support/runcode.ts'
import {LOGIN_SHELLS} from '../support/shells.ts'
import {until} from '../support/until.ts'

describe('answerFor(): behind', () => {
  let commands: Config['commands']
  before(async () => {
    commands = (await Config.load({root: ROOT})).commands
  })
  const words = (...values: readonly string[]) => ({kind: 'words', values})
  for (const [line, expected] of [
    ['conn', words('connect')],
    ['prox', words()],
    ['server wor', words('workspace')],
    ['server workspace c', words('create')],
    ['login --st', words('--store')],
    ['login --store ', words('file', 'keychain')],
    ['exec --no-stdin --no', words()],
    ['exec --env A=1 --en', words('--env')],
    ['exec --profile ', {kind: 'profiles'}],
    ['exec -w ', {kind: 'workspaces', profile: undefined}],
    ['connect --profile work ', {kind: 'workspaces', profile: 'work'}],
    ['connect demo ', {kind: 'workspaces', profile: undefined}],
    ['exec --script ', {kind: 'files'}],
    ['exec --timeout ', words()],
    ['exec -- ', words()],
    ['list ', words()],
    ['nothing of ours ', words()],
  ] as const)
    it(`"${line}" may come ${JSON.stringify(expected)}`, () => {
      const all = line.split(' ')
      const answer = answerFor(commands, all.slice(0, -1), all.at(-1) ?? '')
      const shown =
        answer.kind === 'words' ? {kind: 'words', values: answer.candidates.map(({value}) => value)} : answer
      assert.deepEqual(shown, expected)
    })
})

describe('joined()', () => {
  for (const [cut, whole] of [
    [
      ['connect', 'local', ':', 'de'],
      ['connect', 'local:de'],
    ],
    [
      ['connect', 'local', ':'],
      ['connect', 'local:'],
    ],
    [
      ['exec', '--env', 'A', '=', 'b', '--'],
      ['exec', '--env', 'A=b', '--'],
    ],
    [
      ['a', ''],
      ['a', ''],
    ],
  ] as const)
    it(`puts ${cut.join(' ')} together again`, () => assert.deepEqual(joined(cut), whole))
})

describe('TAB', function () {
  this.timeout(60_000)
  let stage: ConfigStage
  let bin: string
  before(async () => {
    stage = await startConfigStage()
    stage.list('fake', [
      {id: 1, title: 'demo'},
      {id: 2, title: '$(touch pwned)'},
      {id: 3, title: 'dawn'},
    ])
    const home = stage.env['HOME'] ?? ''
    bin = join(home, 'bin')
    mkdirSync(bin)
    symlinkSync(BIN, join(bin, 'runcode'))
    writeFileSync(join(home, 'a-program'), '')
  })
  after(() => stage.stop())

  const START = {
    bash: {args: ['--norc', '--noprofile'], load: 'source <(runcode completion bash)', isReady: /complete -F _runcode/},
    zsh: {
      args: ['-f'],
      load: 'autoload -U compinit; compinit -u -D; source <(runcode completion zsh)',
      isReady: /_runcode/,
    },
    fish: {args: ['--no-config'], load: 'runcode completion fish | source', isReady: /__runcode_complete/},
  } as const
  const ASK = {
    bash: 'complete -p runcode',
    zsh: 'echo $_comps[runcode]',
    fish: 'complete -c runcode',
  }

  for (const {name, path} of LOGIN_SHELLS.filter((shell) => shell.name in START)) {
    const {args, load, isReady} = START[name as keyof typeof START]
    it(`completes commands, flags, names and files in ${name}, and runs nothing of what it is told`, async () => {
      const home = stage.env['HOME'] ?? ''
      const env = {...stage.env, PATH: `${bin}:${process.env['PATH']}`, TERM: 'xterm', PS1: '> ', NO_COLOR: '1'}
      const terminal = spawn(path, [...args], {cols: 150, rows: 30, env, cwd: home})
      let shown = ''
      terminal.onData((text) => {
        shown += text
      })
      // A shell may ask its terminal what it is, and wait for the answer.
      const answer = terminal.onData((text) => {
        if (text.includes('\u001b[c') || text.includes('\u001b[0c')) terminal.write('\u001b[?62c')
      })
      const type = async (keys: string, what: RegExp): Promise<void> => {
        shown = ''
        terminal.write(keys)
        await until(
          () => what.test(shown),
          () => `${JSON.stringify(keys)} gave ${JSON.stringify(shown)}`,
        )
      }
      try {
        await type(`${load}\r`, /./)
        await type(`${ASK[name as keyof typeof ASK]}\r`, isReady)
        await type('runcode disc\t', /disc\S*onnect|onnect/)
        await type('\u0015runcode list --al\t', /--all/)
        await type('\u0015runcode connect fake:de\t', /mo/)
        await type('\u0015runcode exec --script a-pro\t', /gram/)
        await type('\u0015runcode connect \t\t', /dawn\s.*demo|demo\s.*dawn/s)
        assert.ok(!existsSync(join(home, 'pwned')))
      } finally {
        answer.dispose()
        terminal.kill('SIGKILL')
      }
    })
  }

  it('is silent where nobody answers', async () => {
    const {status, stdout, stderr} = await stage.run(['complete', 'bash', '--', 'connect', '--profile', 'none', '='])
    assert.deepEqual({status, stdout, stderr}, {status: 0, stdout: '', stderr: ''})
  })
})
