import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync, chownSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import type {Check, Finding, Patient} from '../../src/doctor/check.ts'
import {entriesCheck} from '../../src/doctor/entries-check.ts'
import {gitSshCheck} from '../../src/doctor/git-ssh-check.ts'
import {nodePathCheck} from '../../src/doctor/node-path-check.ts'
import {proxyStartCheck} from '../../src/doctor/proxy-start-check.ts'
import {remoteNoiseCheck} from '../../src/doctor/remote-noise-check.ts'
import {sshFilesCheck} from '../../src/doctor/ssh-files-check.ts'
import {managedHost} from '../../src/session/managed-host.ts'
import {END} from '../../src/user-ssh-config/block.ts'
import {parseWorkspaceId, type WorkspaceId} from '../../src/workspace/workspace.ts'
import {type ConfigStage, startConfigStage} from '../support/config-stage.ts'
import {accountOf, healthyPatient} from '../support/patient.ts'
import {BIN} from '../support/runcode.ts'

const ID = parseWorkspaceId('1') as WorkspaceId
const PROGRAM = {node: process.execPath, script: BIN}

describe('what doctor sees of the way of an editor', function () {
  this.timeout(60_000)
  let stage: ConfigStage
  before(async () => {
    stage = await startConfigStage()
  })
  beforeEach(() => {
    stage.clear()
    stage.list('fake', [{id: 1, title: 'demo'}])
    stage.write('Host a\n')
    rmSync(join(stage.home, 'bin'), {recursive: true, force: true})
  })
  after(() => stage.stop())

  const look = (check: Check, change: Partial<Patient> = {}): Promise<Finding> => {
    const {env, folders, home, cwd} = stage.context
    const patient = healthyPatient(home, {
      ...{env, folders, home, cwd, findAccount: async () => accountOf('fake')},
      listWorkspaces: async () => [{id: ID, title: 'demo'}],
      ...change,
    })
    return check.examine(patient)
  }
  /** A program of this name, first on PATH. */
  const fake = (name: string, ...lines: readonly string[]): NodeJS.ProcessEnv => {
    mkdirSync(join(stage.home, 'bin'), {recursive: true})
    writeFileSync(join(stage.home, 'bin', name), `#!/bin/sh\n${lines.join('\n')}\n`, {mode: 0o755})
    return {...stage.env, PATH: `${join(stage.home, 'bin')}:${stage.env['PATH']}`}
  }
  const said = ({status, detail}: Finding): string => `${status}: ${detail}`

  it('is nothing where there are no entries, or none that can be read', async () => {
    const checks = [sshFilesCheck, proxyStartCheck, nodePathCheck, gitSshCheck, entriesCheck]
    for (const [text, detail] of [
      ['Host a\n', 'there are no entries of config-ssh'],
      [`${END}\n`, 'the entries cannot be read'],
    ] as const) {
      stage.write(text)
      for (const check of checks) assert.deepEqual(await look(check), {status: 'skip', detail})
    }
  })

  describe('owners and modes', () => {
    const folders = () => managedHost(stage.context.folders.state, {account: 'fake', workspaceId: ID})

    it('are good as they are made', async () => {
      await stage.make()
      assert.equal((await look(sshFilesCheck)).status, 'ok')
      const {folder, identityFile, knownHostsFile} = folders()
      mkdirSync(folder, {recursive: true, mode: 0o700})
      writeFileSync(identityFile, '', {mode: 0o600})
      writeFileSync(knownHostsFile, '', {mode: 0o644})
      assert.equal((await look(sshFilesCheck)).status, 'ok')
    })

    const faults: Readonly<
      Record<string, readonly [(path: ReturnType<typeof folders>) => string, number, string, string]>
    > = {
      'the config': [() => stage.file, 0o602, 'fail: <> can be written by others', 'ssh refuses it: chmod go-w <>'],
      'the config, for a group': [
        () => stage.file,
        0o660,
        'warn: <> can be written by a group',
        'ssh may refuse it: chmod go-w <>',
      ],
      'the file that it includes': [
        () => stage.included,
        0o602,
        'fail: <> can be written by others',
        'ssh refuses it: chmod go-w <>',
      ],
      'its folder': [
        () => dirname(stage.file),
        0o777,
        'warn: <> can be written by others',
        'Keep others out: chmod go-w <>',
      ],
      'the key': [
        ({identityFile}) => identityFile,
        0o640,
        'fail: <> is open to others',
        'ssh does not use it. Have another made: rm <>',
      ],
      'the pins': [
        ({knownHostsFile}) => knownHostsFile,
        0o622,
        'fail: <> can be written by others',
        'They could vouch for another gateway. Have it made anew: rm <>',
      ],
      'the folder of a host': [
        ({folder}) => folder,
        0o755,
        'fail: <> is open to other users',
        'It must be yours, mode 0700, and no link: chmod 700 <>',
      ],
      'the folder of all hosts': [
        ({folder}) => dirname(dirname(dirname(folder))),
        0o750,
        'fail: <> is open to other users',
        'It must be yours, mode 0700, and no link: chmod 700 <>',
      ],
    }
    for (const [what, [find, mode, finding, hint]] of Object.entries(faults)) {
      it(`are told where ${what} is open to others`, async () => {
        await stage.make({include: what.includes('includes')})
        const host = folders()
        mkdirSync(host.folder, {recursive: true, mode: 0o700})
        for (const file of [host.identityFile, host.knownHostsFile]) writeFileSync(file, '', {mode: 0o600})
        const path = find(host)
        chmodSync(path, mode)
        const found = await look(sshFilesCheck)
        assert.deepEqual([said(found), found.hint], [finding.replace('<>', path), hint.replace('<>', path)])
        chmodSync(path, 0o700)
        if (process.getuid?.() !== 0) return
        chownSync(path, 65_534, 65_534)
        assert.match(said(await look(sshFilesCheck)), /^fail: \S+ belongs to another user$/)
        chownSync(path, 0, 0)
      })
    }
  })

  describe('the program that the entries start', () => {
    const env = (SHELL: string): Partial<Patient> => ({env: {...stage.env, SHELL}})

    it('runs as it is started from a menu, by any shell', async () => {
      await stage.make({program: PROGRAM})
      for (const shell of ['', '/bin/sh', '/bin/bash'])
        assert.match(said(await look(proxyStartCheck, env(shell))), /^ok: runcode\/\S+ \S+ node-v\S+$/)
    })

    it('is told where it does not run, or is another one', async () => {
      for (const [name, text, detail] of [
        ['broken', 'throw new Error("the words")', /^fail: .*broken" --version does not run: Error: the words$/],
        ['other', 'console.log("v1.2.3")', /^fail: .*other" --version is not runcode$/],
      ] as const) {
        const script = join(stage.home, name)
        writeFileSync(script, text)
        await stage.make({program: {...PROGRAM, script}})
        assert.match(said(await look(proxyStartCheck)), detail)
      }
    })

    it('has nothing printed before it by what a shell reads at its start', async () => {
      await stage.make({program: PROGRAM})
      for (const noise of ['echo Welcome', 'printf Welcome']) {
        fake('noisy', noise, 'exec /bin/sh "$@"')
        const shell = join(stage.home, 'bin/noisy')
        const found = await look(proxyStartCheck, env(shell))
        assert.equal(
          said(found),
          `fail: ${shell} prints on stdout before the proxy does, which ends each connection: Welcome`,
        )
      }
    })

    it('does not get more of the environment than a menu has', async () => {
      await stage.make({program: PROGRAM})
      fake('node', 'exit 0')
      fake('poor', `[ "$PATH" = /usr/bin:/bin ] && [ -z "$RUNCODE_CA_FILE" ] && exec /bin/sh "$@"`)
      const SHELL = join(stage.home, 'bin/poor')
      const rich = {...stage.env, SHELL, PATH: `${join(stage.home, 'bin')}:/usr/bin:/bin`, RUNCODE_CA_FILE: '/x'}
      assert.equal((await look(proxyStartCheck, {env: rich})).status, 'ok')
    })
  })

  describe('the path of node', () => {
    const install = (...names: readonly string[]): string => {
      const path = join(stage.home, ...names)
      mkdirSync(dirname(path), {recursive: true})
      writeFileSync(path, '', {mode: 0o755})
      return path
    }
    /** As a version of config-ssh may have written them that knew less. */
    const makeWith = async (node: string, script: string): Promise<void> => {
      await stage.make({program: {node: '/placed/node', script: '/placed/run.js'}})
      stage.write(stage.read().replaceAll('/placed/node', node).replaceAll('/placed/run.js', script))
    }

    it('is good where no version is in it', async () => {
      await stage.make({program: PROGRAM})
      assert.equal(said(await look(nodePathCheck)), `ok: ${process.execPath}`)
    })

    it('is told where it goes with a version of node', async () => {
      const node = install('.nvm/versions/node/v20.20.2/bin/node')
      await makeWith(node, BIN)
      const found = await look(nodePathCheck)
      assert.deepEqual([found.status, found.detail.includes('a version of node that nvm manages')], ['warn', true])
    })

    it('is told where another one of the same node would stay', async () => {
      const node = install('brew/Cellar/node/20.20.2/bin/node')
      mkdirSync(join(stage.home, 'brew/opt'))
      symlinkSync('../Cellar/node/20.20.2', join(stage.home, 'brew/opt/node'))
      await makeWith(node, BIN)
      const stays = join(stage.home, 'brew/opt/node/bin/node')
      assert.deepEqual(await look(nodePathCheck), {
        status: 'warn',
        detail: `the entries name ${node}, which goes with its version; ${stays} stays`,
        hint: 'Write them again: runcode config-ssh',
      })
    })

    it('is told where it is a cache of a package runner', async () => {
      await makeWith(process.execPath, install('.npm/_npx/0f/node_modules/runcode/bin/run.js'))
      await assert.rejects(look(nodePathCheck), /only there for a while/)
    })
  })

  describe('the ssh of git', () => {
    /** An ssh that reads the file of this home, as the home of the password database is not ours to write to. */
    const homely = (): NodeJS.ProcessEnv => fake('ssh', `exec /usr/bin/ssh -F '${stage.file}' "$@"`)
    const unset = 'Let git start the ssh that reads your ~/.ssh/config: unset that, or name that ssh there.'
    beforeEach(() => stage.make())

    it('is the one on PATH', async () => {
      assert.equal(said(await look(gitSshCheck, {env: homely()})), 'ok: git starts ssh')
    })

    it('is asked wherever it is named', async () => {
      const env = homely()
      const [good, bad] = [join(stage.home, 'bin/ssh'), 'ssh -F /dev/null -i "a b"']
      const plink = join(stage.home, 'bin/plink tool')
      fake('plink tool', 'echo "unknown option" >&2; exit 1')
      const config = (command: string): void =>
        writeFileSync(join(stage.home, '.gitconfig'), `[core]\n\tsshCommand = ${JSON.stringify(command)}\n`)
      for (const [variables, configured, wanted] of [
        [{GIT_SSH_COMMAND: `'${good}' -v`}, bad, `ok: git starts '${good}' -v (GIT_SSH_COMMAND)`],
        [
          {GIT_SSH_COMMAND: bad},
          good,
          `warn: git starts ${bad} (GIT_SSH_COMMAND), which does not go by the entry of runcode.demo`,
        ],
        [{GIT_SSH: plink}, good, `ok: git starts ${good} (core.sshCommand)`],
        [
          {GIT_SSH: good},
          bad,
          `warn: git starts ${bad} (core.sshCommand), which does not go by the entry of runcode.demo`,
        ],
        [{GIT_SSH: good}, '', `ok: git starts "$GIT_SSH" (GIT_SSH=${good})`],
        [
          {GIT_SSH_COMMAND: `'${good}' -o ProxyCommand=other`},
          '',
          `warn: git starts '${good}' -o ProxyCommand=other (GIT_SSH_COMMAND), which does not go by the entry of runcode.demo`,
        ],
        [
          {GIT_SSH: plink},
          '',
          `warn: git starts "$GIT_SSH" (GIT_SSH=${plink}), which does not go by the entry of runcode.demo`,
        ],
      ] as const) {
        config(configured)
        const found = await look(gitSshCheck, {env: {...env, ...variables}})
        assert.deepEqual([said(found), found.hint], [wanted, wanted.startsWith('ok') ? undefined : unset])
      }
      rmSync(join(stage.home, '.gitconfig'))
    })

    it('is told, and not started, where the repository here names it, which may be anybody’s', async () => {
      const cwd = join(stage.home, 'repository')
      const command = `touch '${stage.home}/ran'; ssh`
      const env = homely()
      for (const args of [
        ['init', '-q', cwd],
        ['-C', cwd, 'config', 'core.sshCommand', command],
      ])
        assert.equal(spawnSync('git', args, {env}).status, 0)
      const found = await look(gitSshCheck, {env, cwd})
      assert.equal(said(found), `warn: the repository here has a core.sshCommand of its own: ${command}`)
      assert.ok(!existsSync(join(stage.home, 'ran')))
      rmSync(join(cwd, '.git'), {recursive: true})
      writeFileSync(join(cwd, '.git'), 'no git folder')
      assert.equal(said(await look(gitSshCheck, {env, cwd})), 'ok: git starts ssh')
    })

    it('is not looked for where there is no git', async () => {
      assert.equal(
        said(await look(gitSshCheck, {env: {...stage.env, PATH: stage.home}})),
        'skip: there is no git on PATH',
      )
    })
  })

  describe('the entries', () => {
    beforeEach(() => {
      stage.list('fake', [
        {id: 1, title: 'demo'},
        {id: 2, title: 'api'},
      ])
      return stage.make()
    })

    it('are those of workspaces that are there', async () => {
      const with2 = (title: string) => ({
        listWorkspaces: async () => [
          {id: ID, title: 'demo'},
          {id: '2' as WorkspaceId, title},
        ],
      })
      assert.equal(said(await look(entriesCheck, with2('api'))), 'ok: each of 2 has its workspace')
      assert.equal(said(await look(entriesCheck, with2('web'))), 'warn: runcode.api: the workspace 2 is called web now')
      assert.equal(said(await look(entriesCheck)), 'warn: runcode.api: the workspace 2 is not there any more')
      assert.equal(
        said(await look(entriesCheck, {findAccount: async () => accountOf('work')})),
        'skip: there are none of the profile work',
      )
      const unreachable = {listWorkspaces: () => Promise.reject(new Error('network'))}
      assert.equal(said(await look(entriesCheck, unreachable)), 'skip: the control plane could not be asked')
    })
  })

  describe('the shell of the workspace', () => {
    const gateway = {host: '127.0.0.1', port: 22, sshProxy: undefined, route: []}
    const session = {configFile: '/the/config', alias: 'runcode-41', title: 'demo', ...gateway}
    const findSession = async () => session

    it('is asked where a session is at hand, by its own config', async () => {
      assert.equal(said(await look(remoteNoiseCheck)), 'skip: not connected here; runcode connect <workspace>')
      const env = fake('ssh', '[ "$*" = "-F /the/config -T runcode-41 true" ] || echo wrong')
      assert.equal(
        said(await look(remoteNoiseCheck, {env, findSession})),
        'ok: a command on demo prints only what it prints',
      )
    })

    it('is asked by way of what its profile has', async () => {
      const route = [['ProxyCommand', 'a b']] as const
      const env = fake('ssh', '[ "$*" = "-F /the/config -T -o ProxyCommand=a b runcode-41 true" ] || echo wrong')
      const found = await look(remoteNoiseCheck, {env, findSession: async () => ({...session, route})})
      assert.equal(found.status, 'ok')
    })

    it('prints nothing on stdout before a command', async () => {
      for (const [line, last] of [
        ['echo Welcome; echo to demo', 'to demo'],
        ['echo', 'blank lines'],
      ] as const) {
        const found = await look(remoteNoiseCheck, {env: fake('ssh', line), findSession})
        assert.equal(said(found), `fail: the shell of demo prints on stdout before each command: ${last}`)
      }
      const quiet = await look(remoteNoiseCheck, {env: fake('ssh', 'echo Welcome >&2'), findSession})
      assert.equal(quiet.status, 'ok')
    })

    it('may not answer', async () => {
      const env = fake('ssh', 'echo "connection refused" >&2; exit 255')
      const found = await look(remoteNoiseCheck, {env, findSession})
      assert.equal(said(found), 'warn: demo could not be asked: connection refused')
    })
  })
})
