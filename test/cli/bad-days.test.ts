import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {join} from 'node:path'
import {type Bad, badDays} from '../support/bad-day.ts'
import {BIN} from '../support/runcode.ts'

const FOUND = ['Looking for calm-reed: done']
const PASSED = [...FOUND, 'Taking a pass: done']
const REFUSED = 'ssh: connect to host 127.0.0.1 port 1: Connection refused'
const COMMAND = ['exec', '-w', 'calm-reed', '--', 'true']
const DOWN = {
  code: 'connection_failed',
  message: `Could not connect to the gateway 127.0.0.1: ${REFUSED}`,
  hint: 'Nothing listens there. Where it is the server of this machine, start that: runcode server up',
  retryable: true,
  facts: {host: '127.0.0.1'},
} as const
const MISSING = {
  code: 'missing_program',
  message: 'The program "ssh" was not found on PATH.',
  hint: 'Install the OpenSSH client (Debian: apt-get install openssh-client) and try again.',
  facts: {program: 'ssh'},
} as const
const UNKNOWN = {
  code: 'not_found',
  message: 'There is no workspace "nope".',
  hint: 'See what there is: runcode list',
} as const

/**
 * The commonest failures: one sentence, one hint, one status, nothing half-written. Each text is asserted whole, for a
 * person and under --json. The rest is in bad-days.slow.ts.
 */
describe('on a bad day', function () {
  this.timeout(60_000)
  const {home, tree, plane, row, answerList, answerMint, start, isSaid, path} = badDays()

  const cases: Readonly<Record<string, () => Bad>> = {
    'a name of no workspace': () => ({args: ['connect', 'nope'], status: 2, ...UNKNOWN}),
    'a name of no workspace, for a command': () => ({
      ...{args: ['exec', '-w', 'nope', '--', 'true'], status: 125, ...UNKNOWN},
    }),
    'a name of several workspaces': () => {
      answerList(row(), row({id: 8, title: 'calm-2'}))
      return {
        ...{args: ['connect', 'calm'], status: 1, code: 'ambiguous', facts: {candidates: ['7', '8']}},
        message: '"calm" fits 2 workspaces: calm-reed (7), calm-2 (8).',
        hint: 'Use the id, as in: runcode connect 7',
      }
    },
    'no name, and nothing attached': () => ({
      ...{args: ['exec', '--', 'true'], status: 125, code: 'not_attached'},
      message: 'No workspace is attached to ~/tree.',
      hint: 'Attach one: runcode connect <workspace>',
      facts: {cwd: '~/tree', attached_elsewhere: []},
    }),
    'a workspace that is stopped': () => {
      answerList(row({current_state: 'stopped'}))
      return {
        ...{args: ['connect', 'calm-reed'], status: 2, code: 'conflict', before: FOUND},
        message: 'The workspace "Calm" is stopped.',
        hint: 'Start it: runcode connect calm-reed --start --wait',
        facts: {workspace_id: '7', state: 'stopped'},
      }
    },
    'a gateway that is down': () => ({args: ['connect', 'calm-reed'], status: 1, before: PASSED, ...DOWN}),
    'a gateway that is down, for a command': () => ({args: ['ssh', 'calm-reed', '--', 'true'], status: 125, ...DOWN}),
    'a token that is not accepted': () => {
      plane().on('GET', '/api/rc/workspaces?category=active', () => ({status: 401, body: {message: 'words of it'}}))
      return {
        ...{args: ['list'], status: 2, code: 'unauthorized', facts: {status: 401}},
        message: 'https://plane answered 401: words of it',
        hint: 'The token is not accepted (any more). Log in: runcode login --profile fake',
      }
    },
    'no token': () => ({
      ...{args: ['list'], status: 1, code: 'no_token', env: {RUNCODE_API_BASE: 'https://127.0.0.1:1'}},
      message: 'There is no token for https://127.0.0.1:1.',
      hint: 'Set RUNCODE_TOKEN beside RUNCODE_API_BASE, or leave it out and log in: runcode login',
      facts: {origin: 'https://127.0.0.1:1'},
    }),
    'an address that is not https': () => ({
      ...{args: ['list'], status: 2, code: 'insecure_base', env: {RUNCODE_API_BASE: 'http://127.0.0.1:1'}},
      message: 'The address of the control plane is not https (http://…).',
      hint: 'Use an https address, also on this machine: tokens travel on it.',
    }),
    'a bundle that is not safe': () => {
      answerMint({user: '-oProxyCommand=x'})
      return {
        ...{args: COMMAND, status: 125, code: 'unsafe_bundle', facts: {field: 'user'}},
        message:
          'The control plane sent connection data that is not safe to use: user has characters that a user name cannot have.',
        hint: 'Do not work around this. Report it to whoever runs the control plane.',
      }
    },
    'no ssh': () => ({
      args: ['connect', 'calm-reed'],
      status: 1,
      before: PASSED,
      env: path(['ssh-keygen']),
      ...MISSING,
    }),
    'no ssh, for a command': () => ({args: COMMAND, status: 125, env: path(['ssh-keygen']), ...MISSING}),
  }
  for (const [what, bad] of Object.entries(cases)) it(`with ${what}`, () => isSaid(bad()))

  it('with a gateway that is down, for a shell', async () => {
    const {status, stdout, stderr} = await start({args: ['ssh', 'calm-reed']})
    assert.deepEqual([status, stdout, stderr], [125, '', `runcode: ${DOWN.message}\nhint: ${DOWN.hint}\n`])
  })

  it('with a current directory that is gone', () => {
    const gone = join(home.path, 'gone')
    for (const words of ['status', 'exec -- true']) {
      const {stdout, stderr, status} = spawnSync(
        'sh',
        ['-c', `mkdir '${gone}' && cd '${gone}' && rmdir '${gone}' && "$0" "$1" ${words}`, process.execPath, BIN],
        {env: home.env, encoding: 'utf8', cwd: tree},
      )
      // Node itself says a line of its own first.
      const said = stderr.slice(stderr.indexOf('runcode: '))
      const text =
        'runcode: The current directory is gone or cannot be read, so nothing can be attached to it.\n' +
        'hint: Go to another directory (cd), or name the workspace with --workspace.\n'
      assert.deepEqual([status, stdout, said], [words.startsWith('exec') ? 125 : 1, '', text])
    }
  })

  it('with nobody who takes the answer', () => {
    const say = (line: string) =>
      spawnSync('sh', ['-c', line, process.execPath, BIN], {env: home.env, encoding: 'utf8', cwd: tree}).stderr
    const full =
      'runcode: Could not write the output: ENOSPC: no space left on device, write\n' +
      'hint: The disk is full; free some space and repeat the command.\n1\n'
    if (process.platform === 'linux')
      for (const words of ['status --json', 'status', 'status --nope --json', 'conect --json'])
        assert.equal(say(`"$0" "$1" ${words} > /dev/full; echo $? >&2`), full, words)
    // A reader that left is no failure, and is told nothing.
    for (const words of ['--help', 'status --json']) {
      assert.equal(say(`("$0" "$1" ${words}; echo $? >&2) | true`), '0\n', words)
      assert.equal(say(`"$0" "$1" ${words} >&-; echo $? >&2`), '0\n', words)
    }
    assert.equal(say('"$0" "$1" status --nope 2>&-; echo $?'), '')
  })
})
