import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Folders} from '../../src/core/folders.ts'
import {NoTokenError} from '../../src/credentials/find-token.ts'
import type {Check, Patient} from '../../src/doctor/check.ts'
import {CHECKS, examine, type NamedFinding} from '../../src/doctor/examine.ts'
import {HostKeyChangedError} from '../../src/openssh/explain.ts'
import {parseWorkspaceId} from '../../src/workspace/workspace.ts'
import {healthyPatient} from '../support/patient.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const listed = (id: string) => ({id: parseWorkspaceId(id) ?? assert.fail(id), title: `box-${id}`})

describe('examine()', () => {
  const folder = temporaryFolder()
  const at = (...names: string[]): string => join(folder.path, ...names)

  const patient = (change: Partial<Patient> = {}): Patient =>
    healthyPatient(folder.path, {listWorkspaces: async () => [listed('1'), listed('2')], ...change})
  const folders = (change: Partial<Folders> = {}): Folders => ({
    config: at('config'),
    state: at('state'),
    cache: at('cache'),
    sockets: [at('s')],
    legacyTokenFile: at('token'),
    ...change,
  })
  const find = async (name: string, change?: Partial<Patient>): Promise<NamedFinding | undefined> =>
    (await examine(patient(change))).find((one) => one.name === name)
  /** A program `ssh` that says it is of this version, first and alone on PATH. */
  const fakeSsh = (says: string): Partial<Patient> => {
    writeFileSync(at('ssh'), `#!/bin/sh\n/bin/echo '${says}' >&2\n`, {mode: 0o755})
    return {env: {PATH: folder.path}}
  }

  it('finds a healthy machine healthy, in a fixed order', async () => {
    const found = await examine(patient())
    assert.deepEqual(
      found.map(({name, status}) => `${name} ${status}`),
      [
        ...['runcode', 'system', 'node-settings', 'folders', 'secrets', 'disk', 'leftovers'].map(
          (name) => `${name} ok`,
        ),
        ...['ssh', 'ssh-keygen', 'control-path', 'ssh-config'].map((name) => `${name} ok`),
        ...['ssh-files', 'proxy-start', 'node-path', 'git-ssh', 'entries'].map((name) => `${name} skip`),
        ...['profile', 'api-base', 'token', 'http-proxy', 'ca-files'].map((name) => `${name} ok`),
        ...['tls skip', 'clock ok', 'control-plane ok'],
        ...['attachment', 'gateway', 'host-key', 'remote-noise'].map((name) => `${name} skip`),
      ],
    )
    const details = Object.fromEntries(found.map(({name, detail}) => [name, detail]))
    assert.match(details['ssh'] ?? '', /^\/.*\/ssh \(OpenSSH_.*\)$/)
    assert.match(details['ssh-keygen'] ?? '', /^\/.*\/ssh-keygen$/)
    assert.deepEqual(
      [details['folders'], details['api-base'], details['token'], details['control-plane']],
      [
        ...['none yet', 'https://app.example.com', 'in RUNCODE_TOKEN; since when is not known'],
        'answers, and shows 2 workspaces',
      ],
    )
  })

  it('finds the rest though some fail, and one never ends', async () => {
    const broken = {...patient(), env: {PATH: folder.path}, findAccount: () => Promise.reject(new Error('broken'))}
    const found = await examine(broken)
    const wrong = found.filter(({status}) => status === 'fail').map(({name, detail}) => `${name}: ${detail}`)
    const missing = (name: string): string => `${name}: The program "${name}" was not found on PATH.`
    assert.deepEqual(wrong, [missing('ssh'), missing('ssh-keygen'), 'profile: broken'])
    const skipped = found.filter(({detail}) => detail === 'it is not known for which account').map(({name}) => name)
    assert.deepEqual(skipped, ['api-base', 'token', 'http-proxy', 'ca-files', 'tls', 'clock', 'control-plane'])
    const endless: Check = {name: 'endless', group: 'SSH', about: '', examine: () => new Promise(() => undefined)}
    assert.deepEqual(
      (await examine(patient(), {checks: [endless, ...CHECKS], limitMs: 3000})).filter(({status}) => status === 'fail'),
      [{name: 'endless', status: 'fail', detail: 'it did not end within 3 s'}],
    )
  })

  it('says what is missing, and how to get it', async () => {
    assert.deepEqual(await find('ssh', {env: {PATH: folder.path}}), {
      name: 'ssh',
      status: 'fail',
      detail: 'The program "ssh" was not found on PATH.',
      hint: 'Install the OpenSSH client (Debian: apt-get install openssh-client) and try again.',
    })
  })

  for (const [says, status] of [
    ['OpenSSH_8.4p1, OpenSSL 1.1.1', 'ok'],
    ['OpenSSH_10.0p2, OpenSSL 3.5.1', 'ok'],
    ['OpenSSH_for_Windows_9.5p1, LibreSSL 3.8.2', 'ok'],
    ['OpenSSH_8.2p1 Ubuntu-4, OpenSSL 1.1.1f', 'warn'],
    ['OpenSSH_7.9p1', 'warn'],
    ['Dropbear v2022.83', 'warn'],
    ['', 'warn'],
  ] as const) {
    it(`calls ${JSON.stringify(says)} ${status}`, async () =>
      assert.equal((await find('ssh', fakeSsh(says)))?.status, status))
  }

  it('makes what ssh says printable', async () => {
    assert.equal((await find('ssh', fakeSsh('Evil\u001b[2J')))?.detail, `${at('ssh')} is not OpenSSH (Evil\ufffd[2J)`)
  })

  const HOME = '/home/me/.config/runcode/cli'
  const DRIVE = '/mnt/c/Users/me/.config/runcode/cli'
  const DRIVE_HINT = 'Set HOME, XDG_CONFIG_HOME and XDG_STATE_HOME to folders of Linux.'
  const onDrive = `${DRIVE} is on a drive of Windows, where modes do not hold: others could read your tokens`
  const [WSL1, WSL2, OLD_WSL2] = [
    '4.4.0-19041-Microsoft',
    '5.15.90.1-microsoft-standard-WSL2',
    '4.19.104-microsoft-standard',
  ]
  const otherSsh = 'an ssh or an editor of Windows has a ~/.ssh of its own'
  for (const [what, system, config, status, detail, hint] of [
    ['Linux', {platform: 'linux', release: '6.1.0-18-amd64'}, HOME, 'ok', 'linux 6.1.0-18-amd64'],
    ['a Linux with a folder of that name', {platform: 'linux', release: '6.1.0'}, DRIVE, 'ok', 'linux 6.1.0'],
    ['macOS', {platform: 'darwin', release: '24.1.0'}, HOME, 'ok', 'darwin 24.1.0'],
    [
      'Windows',
      {platform: 'win32', release: '10.0.26100'},
      HOME,
      'ok',
      'Windows 10.0.26100: no connection can be shared, and modes are not looked at',
    ],
    ['WSL 2', {platform: 'linux', release: WSL2}, HOME, 'ok', `WSL 2 (${WSL2}); ${otherSsh}`],
    ['an early WSL 2', {platform: 'linux', release: OLD_WSL2}, HOME, 'ok', `WSL 2 (${OLD_WSL2}); ${otherSsh}`],
    [
      'WSL 1',
      {platform: 'linux', release: WSL1},
      HOME,
      'warn',
      `WSL 1 (${WSL1}), in which sockets and processes are not quite those of Linux`,
      'In Windows: wsl --set-version <distribution> 2',
    ],
    ['folders on a drive of Windows', {platform: 'linux', release: WSL2}, DRIVE, 'fail', onDrive, DRIVE_HINT],
    ['such folders in WSL 1', {platform: 'linux', release: WSL1}, DRIVE, 'fail', onDrive, DRIVE_HINT],
  ] as const) {
    it(`says of ${what}: ${status}`, async () =>
      assert.deepEqual(await find('system', {system, folders: folders({config})}), {
        ...{name: 'system', status, detail},
        ...(hint === undefined ? {} : {hint}),
      }))
  }

  it('finds a folder of ours that is open to others, and one that is a file', async () => {
    mkdirSync(at('config'))
    chmodSync(at('config'), 0o755)
    writeFileSync(at('state'), '')
    const {fixes, ...found} = (await find('folders')) ?? assert.fail()
    assert.equal(fixes?.length, 1)
    assert.deepEqual(found, {
      name: 'folders',
      status: 'fail',
      detail: `${at('config')} is open to other users; ${at('state')} is not a folder`,
      hint: 'They must be yours, mode 0700, writable, and no links: chmod 700 <folder>',
    })
  })

  it('warns where no connection can be shared', async () => {
    const long = at('x'.repeat(100))
    assert.deepEqual(await find('control-path', {folders: folders({sockets: [long]})}), {
      name: 'control-path',
      status: 'warn',
      detail: `no connection can be shared: ${long} is too long for a socket`,
      hint: 'Set XDG_RUNTIME_DIR to a short private folder.',
    })
  })

  it('says where there is no token, and does not call the control plane sick for it', async () => {
    const missing = () =>
      Promise.reject(
        new NoTokenError({origin: 'https://app.example.com', account: 'work', isEnvironment: false, store: undefined}),
      )
    const change = {findTokenPlace: missing, listWorkspaces: missing}
    assert.deepEqual(await find('token', change), {
      name: 'token',
      status: 'fail',
      detail: 'There is no token for https://app.example.com.',
      hint: 'Log in: runcode login --profile work',
    })
    assert.deepEqual(await find('control-plane', change), {
      name: 'control-plane',
      status: 'skip',
      detail: 'there is no token',
    })
  })

  it('takes any other failure for the finding, with its hint where it has one', async () => {
    const broken = () => Promise.reject(new Error('broken'))
    const change = {findTokenPlace: broken, listWorkspaces: broken}
    assert.deepEqual(await find('token', change), {name: 'token', status: 'fail', detail: 'broken', hint: undefined})
    // What several stumble over is told once.
    assert.deepEqual(await find('control-plane', change), {name: 'control-plane', status: 'skip', detail: 'see token'})
  })

  for (const [storedAt, detail] of [
    [undefined, 'in the file; since when is not known'],
    ['2026-03-04T05:06:00.000Z', 'stored 7s ago in the file'],
    ['2026-03-02T05:06:08.000Z', 'stored 47h 59m ago in the file'],
    ['2026-02-20T05:00:00.000Z', 'stored 12 days ago in the file'],
    ['2026-03-04T06:00:00.000Z', 'stored 0s ago in the file'],
  ] as const)
    it(`tells how old the token is: ${detail}`, async () => {
      const findTokenPlace = async () => ({place: 'the file', storedAt: storedAt && new Date(storedAt)})
      const change = {findTokenPlace, now: () => new Date('2026-03-04T05:06:07.000Z')}
      const facts = {token_stored_at: storedAt ?? null}
      assert.deepEqual(await find('token', change), {name: 'token', status: 'ok', detail, facts})
    })

  it('keeps what ssh said of a failure', async () => {
    const broken = () => Promise.reject(new HostKeyChangedError('gw').quote('Host key verification failed.'))
    assert.equal((await find('token', {findTokenPlace: broken}))?.said, 'Host key verification failed.')
  })

  it('counts one workspace as one', async () => {
    assert.equal(
      (await find('control-plane', {listWorkspaces: async () => [listed('1')]}))?.detail,
      'answers, and shows 1 workspace',
    )
  })
})
