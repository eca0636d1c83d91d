import assert from 'node:assert/strict'
import {explainRefusal, explainSsh, isMasterGone} from '../../src/openssh/explain.ts'
import {lastLine, OpensshFailedError} from '../../src/openssh/openssh-failed.ts'

const CHANGED = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Host key for [gw]:2222 has changed and you have requested strict checking.
Host key verification failed.
`

const LOST = {kind: 'exited', code: 255} as const
it('isMasterGone() is true only where the master was not reached at all, in the words of OpenSSH 9.2', () => {
  const alone =
    'kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535\r\n'
  assert.equal(isMasterGone(alone), true)
  // The request was sent: it may have been served.
  assert.equal(isMasterGone(`mux_client_request_session: read from master failed: Broken pipe\r\n${alone}`), false)
  assert.equal(isMasterGone(`Control master terminated unexpectedly\r\n${alone}`), false)
  assert.equal(isMasterGone(`rc: ${alone}`), false)
  assert.equal(isMasterGone(''), false)
})

it('explainRefusal() knows that nothing was begun without a config', () => {
  const words = "Can't open user config file /x/config: No such file or directory\r\n"
  assert.equal(explainRefusal(words, 'gw')?.code, 'connection_failed')
})

describe('explainSsh()', () => {
  for (const [stderr, code] of [
    [CHANGED, 'host_key_changed'],
    [
      'No ED25519 host key is known for [gw]:2222 and you have requested strict checking.\r\nHost key verification failed.\r\n',
      'host_key_changed',
    ],
    [
      'Unable to negotiate with 127.0.0.1 port 2222: no matching host key type found. Their offer: rsa-sha2-512\r\n',
      'host_key_changed',
    ],
    ['calm-reed@gw: Permission denied (publickey).\r\n', 'auth_failed'],
    ['Received disconnect from 127.0.0.1 port 2222:2: Too many authentication failures\r\n', 'auth_failed'],
    ['ssh: connect to host gw port 2222: Connection refused\r\n', 'connection_failed'],
    ['ssh: connect to host gw port 2222: Permission denied\r\n', 'connection_failed'],
    ['ssh: Could not resolve hostname gw: Name or service not known\r\n', 'connection_failed'],
    ['kex_exchange_identification: Connection closed by remote host\r\n', 'connection_failed'],
    [
      'Unable to negotiate with gw port 22: no matching key exchange method found. Their offer: x\r\n',
      'connection_failed',
    ],
    ['', 'connection_failed'],
  ] as const) {
    it(`calls ${JSON.stringify(stderr.slice(-70))} ${code}`, () => {
      const {code: found, facts} = explainSsh(stderr, 'gw', LOST)
      assert.deepEqual([found, facts], [code, {host: 'gw'}])
    })
  }

  it('takes no words of a banner or a start-up file for those of ssh', () => {
    for (const text of [
      'bash: /x: Permission denied (os error 13)',
      'see: Host key verification failed',
      'a banner exchange',
    ]) {
      const error = explainRefusal(`${text}\r\nConnection to gw closed by remote host.\r\n`, 'gw')
      assert.equal(error, undefined, text)
    }
  })

  it('tells an ssh that cannot be used from a gateway that does not answer', () => {
    const old =
      '/s/config: line 17: Bad configuration option: x\r\n/s/config: terminating, 1 bad configuration options\r\n'
    const unstartable = {kind: 'unstartable', cause: new Error('spawn ENOENT')} as const
    for (const [stderr, ending, code, message] of [
      [old, LOST, 'ssh_failed', 'ssh ended with status 255: /s/config: terminating, 1 bad configuration options'],
      ['', unstartable, 'ssh_failed', 'ssh could not be started (spawn ENOENT)'],
      ['', {kind: 'signalled', signal: 'SIGKILL'}, 'ssh_failed', 'ssh was ended by SIGKILL'],
      ['', 'timed out', 'connection_failed', 'Could not connect to the gateway gw: it did not answer in time'],
      ['no', {kind: 'exited', code: 1}, 'connection_failed', 'Could not connect to the gateway gw: no'],
    ] as const) {
      const error = explainSsh(stderr, 'gw', ending)
      assert.deepEqual([error.code, error.message], [code, message])
    }
  })

  it('repeats the last words of ssh, made printable', () => {
    const {message} = explainSsh('banner\nssh: connect to host gw port 22: \u001b[31mRefused\r\n\n', 'gw', LOST)
    assert.equal(message, 'Could not connect to the gateway gw: ssh: connect to host gw port 22: \ufffd[31mRefused')
    assert.equal(explainSsh('', 'gw', LOST).message, 'Could not connect to the gateway gw: ssh ended with status 255')
  })
})

describe('OpensshFailedError', () => {
  it('says how the program ended and what it said last', () => {
    const say = (ending: ConstructorParameters<typeof OpensshFailedError>[1], stderr: string): string =>
      new OpensshFailedError('ssh-keygen', ending, stderr).message
    assert.deepEqual(
      [
        say({kind: 'exited', code: 255}, 'one\ntwo\n'),
        say({kind: 'signalled', signal: 'SIGKILL'}, ''),
        say({kind: 'unstartable', cause: new Error('spawn ENOENT')}, ' \n'),
      ],
      [
        'ssh-keygen ended with status 255: two',
        'ssh-keygen was ended by SIGKILL',
        'ssh-keygen could not be started (spawn ENOENT)',
      ],
    )
  })

  it('repeats no more than 300 characters of a line', () => assert.equal(lastLine('x'.repeat(1e6))?.length, 300))

  it('has no last line in a text without words', () => assert.equal(lastLine('\n \r\n'), undefined))
})
