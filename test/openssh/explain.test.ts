import assert from 'node:assert/strict'
import {
  ConnectionFailedError,
  explainRefusal,
  explainSsh,
  explainUnasked,
  isHungUpOn,
  isMasterSilent,
  isTurnedAway,
  ProxyRefusedError,
  reasonOf,
} from '../../src/openssh/explain.ts'
import {lastLine, OpensshFailedError} from '../../src/openssh/openssh-failed.ts'
import {routeReport} from '../../src/openssh/route.ts'

const CHANGED = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Host key for [gw]:2222 has changed and you have requested strict checking.
Host key verification failed.
`

const LOST = {kind: 'exited', code: 255} as const

describe('isTurnedAway(): a client of the master had asked for nothing, or was refused, in the words of OpenSSH 9.2, where', () => {
  const alone =
    'debug1: Executing proxy command: exec false\r\nkex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535\r\n'
  const request = (words: string): string => `mux_client_request_session: ${words}\r\n${alone}`
  for (const [what, log, expected] of [
    ['nobody listens any more', alone, true],
    ['the master went while they greeted', `muxclient: master hello exchange failed\r\n${alone}`, true],
    ['the master went before it was asked', request('master alive request failed'), true],
    ['the master is full', request('session request failed: Session open refused by peer'), true],
    ['the master is not to be used', `Master refused session request: Permission denied\r\n${alone}`, true],
    ['the config is gone', "Can't open user config file /x/config: No such file or directory\r\n", true],
    ['the config is none for it', '/x/config: line 17: Bad configuration option: x\r\n', true],
    ['it asked and got no answer: it may have been served', request('read from master failed: Broken pipe'), false],
    ['it asked and got a strange answer', request('unexpected response from master 0x00000000'), false],
    ['it was lost later, of which it says nothing', '', false],
    ['somebody else says so', `rc: ${alone}`, false],
  ] as const)
    it(`${what}: ${expected}`, () => assert.equal(isTurnedAway(log), expected))
})

describe('isMasterSilent(): a client of the master was ended before it asked for anything, in the words of OpenSSH 9.2, where', () => {
  const begun = '\ndebug2: resolve_canonicalize: hostname 192.0.2.1 is address\r\n'
  const waiting = `${begun}debug2: fd 4 setting O_NONBLOCK\r\n`
  for (const [what, log, expected] of [
    ['it waits for the first word', waiting, true],
    ['it has not come to the master', begun, false],
    ['it was greeted', `${waiting}debug2: mux_client_hello_exchange: master version 4\r\n`, false],
    ['it may be about to ask', `${waiting}debug3: mux_client_request_alive: done pid = 20021\r\n`, false],
    ['a line is not whole', `${begun}debug2: fd 4 setting O_NONBLOCK`, false],
    ['nothing was said', '', false],
  ] as const)
    it(`${what}: ${expected}`, () => assert.equal(isMasterSilent(log), expected))
})

describe('explainUnasked(): by the log of ssh, it had asked for nothing where', () => {
  const letIn = 'Authenticated to gw ([192.0.2.1]:2222) using "publickey".\r\n'
  const end =
    'Transferred: sent 3468, received 3220 bytes, in 0.2 seconds\r\nBytes per second: sent 1.0, received 1.0\r\n'
  const disconnect = 'Received disconnect from 192.0.2.1 port 2222:2: bye\r\n'
  for (const [what, log, code] of [
    ['nobody answers', 'ssh: connect to host gw port 2222: Connection refused\r\n', 'connection_failed'],
    ['the key exchange breaks off', 'Connection closed by 192.0.2.1 port 2222\r\n', 'connection_failed'],
    ['it is not let in', 'calm-reed@gw: Permission denied (publickey).\r\n', 'auth_failed'],
    ['the host key is another one', 'Host key verification failed.\r\n', 'host_key_changed'],
    [
      'the channel is refused',
      `${letIn}channel 0: open failed: administratively prohibited: no\r\n${end}`,
      'connection_failed',
    ],
    ['the command is refused', `${letIn}exec request failed on channel 0\r\n${end}`, 'connection_failed'],
  ] as const)
    it(what, () => assert.equal(explainUnasked(log, 'gw')?.code, code))

  for (const [what, log] of [
    ['it was let in', `${letIn}${end}`],
    [
      'the gateway forges the words of a refusal',
      `${letIn}${disconnect}ssh: connect to host gw port 22: Connection refused\r\n`,
    ],
    [
      'the gateway forges a refused key',
      `${letIn}Received disconnect from 192.0.2.1 port 2222:2: x\r\na@b: Permission denied (publickey).\r\n`,
    ],
    ['the gateway forges a refused command', `${letIn}${disconnect}exec request failed on channel 0\r\n${end}`],
    [
      'the gateway names it a reason',
      `${letIn}Received disconnect from 192.0.2.1 port 2222:2: Too many authentication failures\r\n`,
    ],
    [
      'a terminal is refused, which was asked for with the command',
      `${letIn}PTY allocation request failed on channel 0\r\n`,
    ],
    ['the log is empty: the disk may be full', ''],
    ['the log ends in the middle of a line', 'Connection closed by 192'],
  ] as const)
    it(`and may have asked where ${what}`, () => assert.equal(explainUnasked(log, 'gw'), undefined))

  it('and the reason of a loss is none of its figures', () => {
    assert.equal(reasonOf(`${letIn}${end}`), undefined)
    assert.equal(reasonOf(`${letIn}${disconnect}${end}`), 'Received disconnect from 192.0.2.1 port 2222:2: bye')
  })
})

it('explainRefusal() knows that nothing was begun without a config', () => {
  const words = "Can't open user config file /x/config: No such file or directory\r\n"
  assert.equal(explainRefusal(words, 'gw')?.code, 'connection_failed')
})

describe('the failure of our ProxyCommand', () => {
  const closed = 'kex_exchange_identification: Connection closed by remote host\r\n'
  const handedOver =
    'mm_receive_fd: recvmsg: expected received 1 got 0\r\nproxy dialer did not pass back a connection\r\n'
  const letIn = 'Authenticated to gw (via proxy) using "publickey".\r\n'

  it('is told in its own words, whatever ssh says of it', () => {
    for (const words of [closed, handedOver, ''])
      for (const explain of [explainUnasked, (log: string) => explainSsh(log, 'gw', LOST)]) {
        const failed = explain(
          `\n${routeReport('the proxy x answered "HTTP/1.1 502"', {isFinal: false})}${words}`,
          'gw',
        )
        assert.ok(failed instanceof ConnectionFailedError)
        assert.equal(failed.message, 'Could not connect to the gateway gw: the proxy x answered "HTTP/1.1 502"')
        const refused = explain(
          `\n${routeReport('the proxy x answered "HTTP/1.1 407"', {isFinal: true})}${words}`,
          'gw',
        )
        assert.ok(refused instanceof ProxyRefusedError)
        assert.deepEqual([refused.code, refused.retryable], ['connection_failed', false])
      }
  })

  it('is not taken for a gateway that hangs up on strangers', () => {
    assert.equal(isHungUpOn(closed), true)
    assert.equal(isHungUpOn(`${routeReport('x', {isFinal: false})}${closed}`), false)
  })

  it('is believed only where nobody was let in', () => {
    assert.equal(explainUnasked(`${letIn}${routeReport('x', {isFinal: false})}`, 'gw'), undefined)
  })

  it('is none where the gateway speaks nonsense, which is no busy one either', () => {
    const nonsense =
      'kex_exchange_identification: banner line contains invalid characters\r\nbanner exchange: Connection to 127.0.0.1 port 1: invalid format\r\n'
    assert.equal(isHungUpOn(nonsense), false)
    assert.match(`${explainUnasked(nonsense, 'gw')?.message}`, /invalid format$/)
  })
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
