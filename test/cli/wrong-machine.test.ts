import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {useFakeAccounts} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {type RealWorkspaces, startRealWorkspaces} from '../support/real-workspaces.ts'
import {BIN, type Run, runcode, startRuncode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

/** A row of a list, and the real workspace that a mint for it leads to. */
interface Row {
  readonly id: number
  readonly title: string
  readonly custom_title?: string
  readonly state?: string
  readonly leadsTo?: string
}

/** Two control planes that a test plays, in front of real workspaces: which one got a command, the command itself says. */
describe('the workspace of a command', function () {
  this.timeout(120_000)
  const home = temporaryHome()
  const at = (...names: string[]): string => join(home.path, ...names)
  const make = (...names: string[]): string => {
    mkdirSync(at(...names), {recursive: true})
    return at(...names)
  }
  let real: RealWorkspaces
  let a: FakeControlPlane
  let b: FakeControlPlane
  /** What the plane of profile `a` lists; a test changes it. */
  let own: readonly Row[] = []
  let shared: readonly Row[] = []

  /** Plays a control plane with these rows. The same ids are other workspaces at the other one. */
  const play = (plane: FakeControlPlane, rows: {own: () => readonly Row[]; shared: () => readonly Row[]}): void => {
    const wire = ({id, title, custom_title = '', state = 'running'}: Row) => ({
      ...{id, title, custom_title, provider: 'aws', interim_state: '', current_state: state},
    })
    const list = (some: readonly Row[]) => ({status: 200, body: {error: false, data: {workspaces: some.map(wire)}}})
    plane.on('GET', '/api/rc/workspaces?category=active', () => list(rows.own()))
    plane.on('GET', '/api/rc/workspaces?category=shared', () => list(rows.shared()))
    for (const id of [41, 42, 43, 99]) {
      plane.on('POST', `/api/rc/workspace/${id}/ssh-session`, ({body}) => {
        const row = [...rows.own(), ...rows.shared()].find((one) => one.id === id)
        if (row === undefined) return {status: 404, body: {error: true, message: 'No such workspace.'}}
        return real.mint(row.leadsTo ?? row.title, body)
      })
      for (const verb of ['start', 'stop'])
        plane.on('GET', `/api/rc/workspace/${verb}?workspace_id=${id}`, () => ({status: 200, body: {error: false}}))
    }
  }

  const run = (cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> =>
    runcode(args, {env: {...home.env, ...env}, cwd})
  const json = async (
    cwd: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Record<string, unknown>> => JSON.parse((await run(cwd, args, env)).stdout)
  const connect = async (cwd: string, ...args: string[]): Promise<void> => {
    const {status, stderr} = await run(cwd, ['connect', ...args])
    assert.equal(status, 0, stderr)
  }
  /** Which workspace got a command that was run in a place, and what else is told. */
  const exec = async (
    cwd: string,
    {flags = [], env = {}}: {flags?: readonly string[]; env?: Record<string, string>} = {},
  ): Promise<Record<string, unknown>> => {
    const told = await json(cwd, ['exec', '--json', ...flags, '--', 'cat', 'where'], env)
    return {...told, got: typeof told['stdout'] === 'string' ? told['stdout'].trim() : undefined}
  }
  const titles = (...told: readonly Record<string, unknown>[]): readonly unknown[] => told.map(({got}) => got)
  /** The facts of an answer or a failure that are asked for. */
  const pick = (told: Record<string, unknown>, ...keys: readonly string[]): Record<string, unknown> =>
    Object.fromEntries(keys.map((key) => [key, told[key]]))
  const mints = (plane: FakeControlPlane): number => plane.requests.filter(({method}) => method === 'POST').length

  before(async () => {
    const parts = [startRealWorkspaces(['one', 'two', 'three']), startFakeControlPlane(), startFakeControlPlane()]
    ;[real, a, b] = (await Promise.all(parts)) as [RealWorkspaces, FakeControlPlane, FakeControlPlane]
    play(a, {own: () => own, shared: () => shared})
    play(b, {own: () => [{id: 41, title: 'three', custom_title: 'payments'}], shared: () => []})
    begin()
    make('t1', '.git')
    make('t1', 'deep', 'deeper')
    make('t2', 'plain')
    make('t2', 'repository', '.git')
    make('t3')
    await Promise.all([connect(at('t1', 'deep'), 'one'), connect(at('t2'), 'two'), connect(at('t3'), 'b:41')])
  })
  const begin = (): void => {
    own = [
      {id: 41, title: 'one', custom_title: 'payments'},
      {id: 42, title: 'two'},
    ]
    shared = []
    useFakeAccounts(home.path, {a, b}, 'rc_test')
  }
  beforeEach(begin)
  after(async () => {
    for (const tree of ['t1', 't2', 't3']) await run(make(tree), ['disconnect', '--all'])
    await Promise.all([real.close(), a.close(), b.close()])
    home.remove()
  })

  describe('is the one that is attached to the place', () => {
    it('and each of several gets its own, at the same time, the same id at another control plane included', async () => {
      const told = await Promise.all(['t1', 't2', 't3'].map((tree) => exec(at(tree))))
      assert.deepEqual(titles(...told), ['one', 'two', 'three'])
      assert.deepEqual(
        told.map((one) => pick(one, 'workspace', 'profile', 'chosen_by', 'attached_to')),
        [
          {workspace: {id: '41', title: 'one'}, profile: 'a', chosen_by: 'attachment', attached_to: at('t1')},
          {workspace: {id: '42', title: 'two'}, profile: 'a', chosen_by: 'attachment', attached_to: at('t2')},
          {workspace: {id: '41', title: 'three'}, profile: 'b', chosen_by: 'attachment', attached_to: at('t3')},
        ],
      )
    })

    it('or to the nearest place around: below it, in a repository inside, and behind a link into it', async () => {
      symlinkSync(at('t1', 'deep'), at('t2', 'link'))
      const places = [at('t1', 'deep', 'deeper'), at('t2', 'repository'), at('t2', 'link')]
      assert.deepEqual(titles(...(await Promise.all(places.map((place) => exec(place))))), ['one', 'two', 'one'])
    })

    it('but not to one that is beside it, or a copy under another name', async () => {
      const told = await exec(make('t1-copy'))
      assert.deepEqual(pick(told, 'error', 'got'), {error: 'not_attached', got: undefined})
      assert.deepEqual(
        told['attached_elsewhere'],
        ['t1', 't2', 't3'].map((tree) => at(tree)),
      )
    })

    it('a submodule, whose .git is a file, has one of its own once it is attached', async () => {
      make('t1', 'submodule', 'src')
      writeFileSync(at('t1', 'submodule', '.git'), 'gitdir: ../.git/modules/submodule\n')
      await connect(at('t1', 'submodule', 'src'), 'two')
      assert.deepEqual(titles(await exec(at('t1', 'submodule')), await exec(at('t1'))), ['two', 'one'])
      assert.deepEqual((await json(at('t1', 'submodule', 'src'), ['disconnect', '--json']))['detached_from'], [
        at('t1', 'submodule'),
      ])
      assert.deepEqual(titles(await exec(at('t1', 'submodule'))), ['one'])
    })

    it('whatever files lie in the tree', async () => {
      const tree = make('t1', 'hostile')
      const text = JSON.stringify({workspace: 'two', workspaceId: '42', tree, account: 'a', origin: a.apiBase})
      for (const name of ['.runcode', '.runcode.json', '.runcode.yaml', 'runcode.json'])
        writeFileSync(join(tree, name), text)
      writeFileSync(join(tree, '.env'), 'RUNCODE_WORKSPACE=two\n')
      writeFileSync(
        join(tree, 'package.json'),
        JSON.stringify({runcode: {workspace: 'two'}, oclif: {plugins: ['./x']}}),
      )
      assert.deepEqual(titles(await exec(tree)), ['one'])
    })
  })

  /** Runs a script, in which "$0" and "$1" are the program. */
  const shell = (script: string, words: readonly string[], cwd: string): Promise<Pick<Run, 'status' | 'stdout'>> =>
    new Promise((resolve) => {
      const child = execFile('sh', ['-c', script, ...words], {cwd, env: {...home.env}}, (_error, stdout) =>
        resolve({status: child.exitCode, stdout}),
      )
      child.stdin?.end()
    })

  describe('is none', () => {
    it('where the directory was made anew, until it is attached again or detached; nor is that further up', async () => {
      const tree = make('t3', 'again')
      await connect(tree, 'one')
      rmSync(tree, {recursive: true})
      make('t3', 'again', 'below')
      const told = await exec(at('t3', 'again', 'below'))
      assert.deepEqual(pick(told, 'error', 'attached_to', 'was_attached'), {
        error: 'not_attached',
        attached_to: tree,
        was_attached: 'one',
      })
      const status = await json(tree, ['status', '--json'])
      assert.deepEqual([status['attached'], (status['warnings'] as string[]).length], [false, 1])
      assert.equal((await json(tree, ['stop', '--json']))['error'], 'not_attached')
      await connect(tree, 'two')
      assert.deepEqual(titles(await exec(tree)), ['two'])
      rmSync(tree, {recursive: true})
      make('t3', 'again')
      assert.deepEqual((await json(tree, ['disconnect', '--json']))['detached_from'], [tree])
      assert.deepEqual(titles(await exec(tree)), ['three'])
    })

    it('where the tree was moved to, nor for what was moved to its place', async () => {
      const [tree, moved] = [make('old'), at('moved')]
      await connect(tree, 'one')
      const other = make('other')
      renameSync(tree, moved)
      renameSync(other, tree)
      const told = [await exec(moved), await exec(tree)]
      assert.deepEqual(
        told.map(({error}) => error),
        ['not_attached', 'not_attached'],
      )
      assert.match(String(told[1]?.['message']), /was made anew since "one" was attached to it\.$/)
      await run(tree, ['disconnect'])
    })

    it('where the directory is gone; what is named works, and a connect asks for nothing', async () => {
      const before = mints(a)
      const inGone = (args: string): Promise<Pick<Run, 'status' | 'stdout'>> => {
        const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$1" $2'
        return shell(script, [process.execPath, BIN, args], at('t1'))
      }
      const told = JSON.parse((await inGone('exec --json -- true')).stdout)
      assert.deepEqual([told.error, told.retryable], ['not_attached', false])
      assert.equal((await inGone('exec -w two -- cat where')).stdout, 'two\n')
      assert.equal((await inGone('list')).status, 0)
      const connected = await inGone('connect one --json --force')
      assert.deepEqual([connected.status, JSON.parse(connected.stdout).error], [1, 'not_attached'])
      assert.equal(mints(a), before)
    })

    it('where the name of the directory is no text, and another one has the name that is read instead', async () => {
      await connect(make('odd\ufffd'), 'one')
      const script =
        'mkdir -p "$(printf "odd\\377")" && cd "$(printf "odd\\377")" && exec "$0" "$1" exec --json -- true'
      const {stdout} = await shell(script, [process.execPath, BIN], home.path)
      assert.equal(JSON.parse(stdout).error, 'not_attached')
      await run(at('odd\ufffd'), ['disconnect'])
    })
  })

  describe('is what the last connect that succeeded attached', () => {
    it('also after one that failed, and one that was interrupted', async () => {
      own = [...own, {id: 43, title: 'stopped', state: 'stopped'}]
      assert.equal((await run(at('t2'), ['connect', 'stopped'])).status, 2)
      assert.equal((await run(at('t2'), ['connect', 'nothing-like-it'])).status, 2)
      own = [...own, {id: 99, title: 'slow'}]
      let isAsked: () => void = () => undefined
      const asked = new Promise<void>((resolve) => {
        isAsked = resolve
      })
      a.on('POST', '/api/rc/workspace/99/ssh-session', () => {
        isAsked()
        return new Promise(() => undefined)
      })
      const child = startRuncode(['connect', 'slow'], {env: home.env, cwd: at('t2')})
      await asked
      child.kill('SIGINT')
      assert.equal(await new Promise((resolve) => child.on('close', resolve)), 130)
      assert.deepEqual(titles(await exec(at('t2'))), ['two'])
    })

    it('and of two at once it is one of the two, whole', async () => {
      const tree = make('race')
      await Promise.all([connect(tree, 'one'), connect(tree, 'two')])
      const told = await exec(tree)
      const {workspace} = await json(tree, ['status', '--json'])
      assert.deepEqual(told['workspace'], workspace)
      assert.equal(told['got'], (workspace as {title: string}).title)
      await run(tree, ['disconnect'])
    })
  })

  describe('is the default of the home directory where nothing nearer is attached', () => {
    before(async () => {
      make('project', '.git')
      await connect(at('project'), 'two', '--default')
    })
    after(() => run(home.path, ['disconnect']))

    it('and says so', async () => {
      assert.deepEqual(pick(await exec(at('project')), 'got', 'chosen_by', 'attached_to'), {
        got: 'two',
        chosen_by: 'attachment',
        attached_to: home.path,
      })
      assert.deepEqual(titles(await exec(at('t1'))), ['one'])
    })

    it('but there it is neither stopped nor detached without a name, also where HOME is a link', async () => {
      const before = a.requests.length
      symlinkSync(home.path, `${home.path}-link`)
      const env = {HOME: `${home.path}-link`}
      for (const verb of ['stop', 'disconnect']) {
        for (const more of [{}, env]) {
          const told = await json(at('project'), [verb, '--json'], more)
          assert.deepEqual(pick(told, 'error', 'default', 'attached_to', 'chosen_by'), {
            error: 'not_attached',
            default: 'two',
            attached_to: home.path,
            chosen_by: 'attachment',
          })
        }
      }
      rmSync(`${home.path}-link`)
      assert.equal(a.requests.length, before)
      assert.equal((await json(at('project'), ['disconnect', '--all', '--json']))['error'], 'not_attached')
    })

    it('and a home that is not told, or is no absolute path, is that of the system, never the current directory', async () => {
      const hostile = make('hostile-home')
      const plugin = join(hostile, '.local/share/runcode/plugin')
      mkdirSync(plugin, {recursive: true})
      const plugins = [{name: 'plugin', type: 'link', root: plugin}]
      writeFileSync(
        join(hostile, '.local/share/runcode/package.json'),
        JSON.stringify({name: 'x', oclif: {schema: 1, plugins}}),
      )
      const manifest = {name: 'plugin', version: '1.0.0', type: 'module', oclif: {hooks: {init: './init.js'}}}
      writeFileSync(join(plugin, 'package.json'), JSON.stringify(manifest))
      writeFileSync(join(plugin, 'init.js'), "export default async () => { console.error('the plugin ran') }\n")
      useFakeAccounts(hostile, {planted: a}, 'rc_test')
      // The system's home is not ours to write to; where it leads is seen in the profiles that are known.
      for (const HOME of ['', '.', 'hostile-home']) {
        const {stdout, stderr} = await run(hostile, ['doctor', '--profile', 'planted', '--json'], {HOME})
        assert.deepEqual([JSON.parse(stdout).error, stderr], ['not_found', ''], HOME)
      }
    })
  })

  describe('is chosen by', () => {
    const flag = (name: string): readonly string[] => ['-w', name]
    for (const [why, cwd, flags, env, wanted] of [
      ['the flag, before all else', 't1', flag('two'), {RUNCODE_WORKSPACE: 'one'}, 'two flag'],
      ['the environment, before what is attached', 't1', [], {RUNCODE_WORKSPACE: 'two'}, 'two environment'],
      [
        'what is attached, where the variables are empty',
        't1',
        [],
        {RUNCODE_WORKSPACE: '', RUNCODE_PROFILE: ''},
        'one attachment',
      ],
      ['a name in the account of RUNCODE_PROFILE', 't1', flag('payments'), {RUNCODE_PROFILE: 'b'}, 'three flag'],
      [
        'a name in the account of --profile, before RUNCODE_PROFILE',
        't1',
        [...flag('payments'), '--profile', 'a'],
        {RUNCODE_PROFILE: 'b'},
        'one flag',
      ],
      ['profile:name, before RUNCODE_PROFILE', 't1', flag('a:payments'), {RUNCODE_PROFILE: 'b'}, 'one flag'],
      ['profile:name beside the same --profile', 't1', [...flag('b:payments'), '--profile', 'b'], {}, 'three flag'],
      [
        'RUNCODE_WORKSPACE in the account of --profile',
        't1',
        ['--profile', 'b'],
        {RUNCODE_WORKSPACE: 'payments'},
        'three environment',
      ],
      [
        'RUNCODE_WORKSPACE in that of RUNCODE_PROFILE',
        't1',
        [],
        {RUNCODE_WORKSPACE: 'payments', RUNCODE_PROFILE: 'b'},
        'three environment',
      ],
      ['what is attached beside its own account', 't3', ['--profile', 'b'], {RUNCODE_PROFILE: 'a'}, 'three attachment'],
      [
        'what is attached beside its own account in the environment',
        't3',
        [],
        {RUNCODE_PROFILE: 'b'},
        'three attachment',
      ],
      [
        'what is attached, with a token that names no account',
        't3',
        [],
        {RUNCODE_TOKEN: 'rc_other'},
        'three attachment',
      ],
      ['nobody: --profile is not that of profile:name', 't1', [...flag('a:payments'), '--profile', 'b'], {}, 'usage'],
      [
        'nobody: --profile is not that of RUNCODE_WORKSPACE',
        't1',
        ['--profile', 'b'],
        {RUNCODE_WORKSPACE: 'a:one'},
        'usage',
      ],
      [
        'nobody: RUNCODE_PROFILE is not that of RUNCODE_WORKSPACE',
        't1',
        [],
        {RUNCODE_WORKSPACE: 'a:one', RUNCODE_PROFILE: 'b'},
        'usage',
      ],
      ['nobody: --profile is not that of the attachment', 't1', ['--profile', 'b'], {}, 'usage'],
      ['nobody: RUNCODE_PROFILE is not that of the attachment', 't1', [], {RUNCODE_PROFILE: 'b'}, 'usage'],
      [
        'nobody: RUNCODE_API_BASE is not that of the attachment',
        't1',
        [],
        {RUNCODE_API_BASE: 'https://localhost:1'},
        'usage',
      ],
      ['nobody: a blank name', 't1', [], {RUNCODE_WORKSPACE: ' '}, 'usage'],
      ['nobody: a blank flag', 't1', flag(''), {}, 'usage'],
      ['nobody: a profile that is not there', 't1', flag('c:one'), {}, 'not_found'],
    ] as const) {
      it(why, async () => {
        const told = await exec(at(cwd), {flags, env: {...env}})
        assert.equal(told['error'] ?? `${told['got']} ${told['chosen_by']}`, wanted)
      })
    }

    it('what is attached with the account of the environment, which is that of no profile', async () => {
      const tree = make('by-environment')
      const env = {RUNCODE_API_BASE: b.apiBase, RUNCODE_TOKEN: 'rc_test', RUNCODE_CA_FILE: b.caFile}
      assert.equal((await run(tree, ['connect', 'three'], env)).status, 0)
      assert.deepEqual(pick(await exec(tree, {env}), 'got', 'profile'), {got: 'three', profile: 'environment'})
      const other = await exec(tree, {env: {...env, RUNCODE_API_BASE: a.apiBase}})
      assert.deepEqual(pick(other, 'error', 'attached_origin'), {error: 'usage', attached_origin: b.apiBase})
      await real.restart('three')
      assert.deepEqual(pick(await exec(tree), 'error', 'account_origin', 'attached_to'), {
        error: 'not_attached',
        account_origin: a.apiBase,
        attached_to: tree,
      })
      assert.deepEqual(titles(await exec(tree, {env})), ['three'])
      await run(tree, ['disconnect'])
    })

    it('the same for stop as for exec', async () => {
      const stopped = await json(at('t1'), ['stop', '--keep', '--json'], {RUNCODE_WORKSPACE: 'two'})
      assert.deepEqual(pick(stopped, 'workspace', 'chosen_by'), {
        workspace: {id: '42', title: 'two'},
        chosen_by: 'environment',
      })
      assert.equal((await json(at('t1'), ['stop', '--profile', 'b', '--json']))['error'], 'usage')
      const status = await json(at('t1'), ['status', '--json'], {RUNCODE_WORKSPACE: 'two'})
      assert.deepEqual(pick(status, 'chosen_by', 'named', 'attached_to'), {
        chosen_by: 'environment',
        named: 'two',
        attached_to: at('t1'),
      })
    })
  })

  describe('is the one with the id that was attached', () => {
    it('whatever it is called by now, and whatever is called so', async () => {
      own = [
        {id: 41, title: 'renamed', leadsTo: 'one'},
        {id: 42, title: 'two', custom_title: 'payments'},
        {id: 43, title: 'one', leadsTo: 'three'},
      ]
      assert.deepEqual(titles(await exec(at('t1'))), ['one'])
    })

    it('and none where that was removed, also where another one has its name by now; what to do is said', async () => {
      const tree = make('removed')
      await connect(tree, 'one')
      own = [{id: 43, title: 'one', custom_title: 'payments'}]
      await real.restart('one')
      const told = await exec(tree)
      assert.deepEqual(pick(told, 'error', 'workspace', 'profile', 'chosen_by', 'attached_to', 'hint'), {
        error: 'not_found',
        workspace: {id: '41', title: 'one'},
        profile: 'a',
        chosen_by: 'attachment',
        attached_to: tree,
        hint: 'Attach another one (runcode connect <workspace>), or detach it: runcode disconnect',
      })
      assert.match(String(told['message']), /^The workspace "one" \(41\) that is attached to .*\/removed is not there/)
      await run(tree, ['disconnect'])
    })

    it('at the control plane where it was attached, also where the profile speaks to another one now', async () => {
      const tree = make('moved-account')
      await connect(tree, 'one')
      useFakeAccounts(home.path, {a: b}, 'rc_test')
      await real.restart('one')
      const told = await exec(tree)
      assert.deepEqual(pick(told, 'error', 'attached_origin', 'account_origin', 'chosen_by'), {
        error: 'not_attached',
        attached_origin: a.apiBase,
        account_origin: b.apiBase,
        chosen_by: 'attachment',
      })
      useFakeAccounts(home.path, {b}, 'rc_test')
      assert.deepEqual(pick(await exec(tree), 'error', 'account_origin'), {error: 'not_attached', account_origin: null})
      await run(tree, ['disconnect', '--keep'])
    })
  })

  describe('is that of its owner, where somebody else', () => {
    for (const [why, stranger] of [
      ['gives theirs the same title', {id: 43, title: 'payments', leadsTo: 'three'}],
      ['gives theirs a title that looks the same', {id: 43, title: 'Pay\u200bments', leadsTo: 'three'}],
      ['gives theirs the same display name', {id: 43, title: 'three', custom_title: 'payments'}],
      ['gives theirs the id of ours as its title', {id: 43, title: '41', leadsTo: 'three'}],
      ['lists ours as theirs as well', {id: 41, title: 'three', custom_title: 'payments'}],
    ] as const) {
      it(why, async () => {
        shared = [stranger]
        const named = stranger.title === '41' ? '41' : 'payments'
        assert.deepEqual(titles(await exec(home.path, {flags: ['-w', named]})), ['one'])
      })
    }

    it('or none, where the id of theirs is a name of ours', async () => {
      own = [{id: 41, title: 'one', custom_title: '43'}]
      shared = [{id: 43, title: 'three'}]
      const told = await exec(home.path, {flags: ['-w', '43']})
      assert.deepEqual(pick(told, 'error', 'candidates', 'chosen_by', 'named'), {
        error: 'ambiguous',
        candidates: ['41', '43'],
        chosen_by: 'flag',
        named: '43',
      })
    })

    it('and what is suggested leads to the very workspace', async () => {
      shared = [{id: 43, title: 'payments', leadsTo: 'three', state: 'stopped'}]
      const {stdout} = await run(home.path, ['list', '--profile', 'a'])
      assert.match(stdout, /\tshared\truncode connect a:43 --start --wait\n/)
      assert.match(stdout, /\town\truncode connect a:one\n/)
      const told = await json(home.path, ['connect', '43', '--json'])
      assert.equal(told['hint'], 'Start it: runcode connect 43 --start --wait')
    })
  })

  describe('stays the same for one command', () => {
    it('also where the gateway forgot its key, and the name is that of another one by now', async () => {
      await exec(home.path, {flags: ['-w', 'payments']})
      await real.restart('one')
      const [first, then] = [
        own,
        [
          {id: 42, title: 'two', custom_title: 'payments'},
          {id: 41, title: 'one'},
        ],
      ]
      let lists = 0
      a.on('GET', '/api/rc/workspaces?category=active', () => {
        const rows = (lists++ === 0 ? first : then).map((row) => ({provider: 'aws', current_state: 'running', ...row}))
        return {status: 200, body: {error: false, data: {workspaces: rows}}}
      })
      const told = await exec(home.path, {flags: ['-w', 'payments']})
      play(a, {own: () => own, shared: () => shared})
      assert.deepEqual(pick(told, 'got', 'workspace'), {got: 'one', workspace: {id: '41', title: 'one'}})
    })

    it('and is refused where the pass that is given leads to another one', async () => {
      own = [
        {id: 41, title: 'one', leadsTo: 'two'},
        {id: 42, title: 'two'},
      ]
      await real.restart('one')
      for (const told of [
        await exec(home.path, {flags: ['-w', 'one']}),
        await exec(at('t1')),
        await json(at('t1'), ['connect', 'one', '--force', '--json']),
      ]) {
        assert.deepEqual(pick(told, 'error', 'field', 'workspace'), {
          error: 'unsafe_bundle',
          field: 'user',
          workspace: {id: '41', title: 'one'},
        })
      }
    })
  })

  describe('is named, with the reason, by every command that acts on one', () => {
    const facts = {workspace: {id: '42', title: 'two'}, profile: 'a', chosen_by: 'flag'}
    for (const args of [
      ['start', 'two', '--json'],
      ['stop', 'two', '--keep', '--json'],
      ['ssh', 'two', '--json', '--', 'true'],
    ]) {
      it(args.slice(0, 2).join(' '), async () => {
        assert.deepEqual(pick(await json(home.path, args), ...Object.keys(facts)), facts)
      })
    }

    it('connect two', async () => {
      const {workspace, ...told} = await json(make('t2'), ['connect', 'two', '--json'])
      assert.deepEqual(pick(told, 'profile', 'origin', 'chosen_by', 'attached_to'), {
        profile: 'a',
        origin: a.apiBase,
        chosen_by: 'flag',
        attached_to: at('t2'),
      })
      assert.deepEqual(workspace, {id: '42', title: 'two', custom_title: null, shared: false})
    })

    it('and by each failure of theirs', async () => {
      for (const [args, wanted] of [
        [
          ['exec', '-w', 'two', '--cwd', '/nowhere', '--json', '--', 'true'],
          {...facts, error: 'no_directory', named: 'two'},
        ],
        [['open', 'two', '--json'], {...facts, error: 'no_web_address'}],
        [['start', 'nothing', '--json'], {error: 'not_found', chosen_by: 'flag', named: 'nothing'}],
        [
          ['connect', '98', '--json'],
          {error: 'http_error', workspace: {id: '98', title: '98'}, profile: 'a', chosen_by: 'flag'},
        ],
      ] as const) {
        assert.deepEqual(pick(await json(at('t1'), args), ...Object.keys(wanted)), wanted)
      }
      assert.equal(a.unplanned.length, 1)
    })
  })
})
