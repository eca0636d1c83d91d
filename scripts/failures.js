// The failures that people meet most, as the program says them: made by its own classes, with names that stand for others.
/** Each with what led to it, and what ssh said where it was ssh that failed. */
export async function commonFailures(root) {
  const from = (path) => import(`${root}dist/${path}.js`)
  const [files, lock, token, keychain, refusal, network, bases, refs] = await Promise.all(
    [
      'core/files',
      'core/lock',
      'credentials/find-token',
      'credentials/keychain-store',
      'provider/refusal',
      'network/network-error',
      'network/https-url',
      'workspace/workspace-ref',
    ].map(from),
  )
  const [choose, connect, ready, account, explain, programs, remote, ports, transfers, server, login] =
    await Promise.all(
      [
        'actions/choose-workspace',
        'actions/connect',
        'actions/start-workspace',
        'profile/account',
        'openssh/explain',
        'openssh/programs',
        'remote-command/run-remote',
        'forward/local-port',
        'transfer/refusals',
        'actions/server/local-server',
        'actions/account/browser-login',
      ].map(from),
    )
  const origin = 'https://app.runcode.io'
  const url = new URL(origin)
  const workspace = {
    id: '41',
    title: 'payments',
    displayName: undefined,
    state: 'stopped',
    isShared: false,
    hasSsh: true,
  }
  const other = {...workspace, id: '50', title: 'calm-reed', displayName: 'payments'}
  const question = {origin, account: 'work', isEnvironment: false}
  const unreachable = (code, message) =>
    network.requestFailure(url, Object.assign(new Error(message), {code}), {
      peer: undefined,
      trust: {},
      hasSystem: false,
    })
  const refused = (status, more = {}) =>
    new refusal.RefusedError(refusal.codeOfStatus(status), `${origin} answered ${status}`, {status, ...more})
  const bySsh = (said) => explain.explainSsh(`${said}\n`, 'gw.example.test', {kind: 'exited', code: 255})
  const ssh = (when, said) => ({when, said, error: bySsh(said)})
  return [
    {when: 'there is no token yet', error: new token.NoTokenError(question)},
    {
      when: 'the token is wrong or was revoked',
      error: refused(401, {hint: `The token is not accepted (any more). ${token.loginHint(question)}`}),
    },
    {when: 'the control plane does not allow it', error: refused(403)},
    {when: 'it was asked too often', error: refused(429)},
    {when: 'it is out of service', error: refused(503)},
    {when: 'the keychain is locked', error: new keychain.KeychainError('did not answer within 2 seconds', 'work')},
    {when: 'nobody came back from the browser', error: new login.LoginTimedOutError(300, 'work')},
    {when: 'there is no profile of that name', error: new account.UnknownProfileError('wrok', ['work', 'local'])},
    {
      when: 'an address is not https',
      error: new bases.InsecureBaseError('http://runcode.example.test', 'is not https'),
    },
    {when: 'the name of the control plane does not resolve', error: unreachable('ENOTFOUND', 'getaddrinfo ENOTFOUND')},
    {when: 'nothing listens there', error: unreachable('ECONNREFUSED', 'connect ECONNREFUSED')},
    {when: 'it does not answer', error: unreachable('ETIMEDOUT', 'timed out')},
    {when: 'its certificate is over', error: unreachable('CERT_HAS_EXPIRED', 'certificate has expired')},
    {when: 'what answers is no control plane', error: new refusal.BadAnswerError(origin, 'it is no JSON')},
    {when: 'no workspace is attached here', error: new choose.NotAttachedError('/home/me/shop', [])},
    {when: 'no workspace has that name', error: new refs.WorkspaceNotFoundError('paiments')},
    {when: 'several have it', error: new refs.AmbiguousWorkspaceError('payments', [workspace, other], '')},
    {
      when: 'the workspace is stopped',
      error: new connect.StoppedWorkspaceError({workspace, account: {name: 'runcode', isDefault: true}}),
    },
    {
      when: 'it does not come up in time',
      error: new ready.NotReadyError(workspace, 'did not answer over SSH', 180_000),
    },
    ssh('nothing listens at the gateway', 'ssh: connect to host gw.example.test port 22: Connection refused'),
    ssh('the gateway does not answer', 'ssh: connect to host gw.example.test port 22: Connection timed out'),
    ssh('its name does not resolve', 'ssh: Could not resolve hostname gw.example.test: Name or service not known'),
    ssh('the gateway refuses the key', 'payments@gw.example.test: Permission denied (publickey).'),
    ssh('the gateway has another host key', 'Host key verification failed.'),
    {when: 'there is no ssh', error: new programs.MissingProgramError('ssh')},
    {
      when: 'the line broke while a command ran',
      said: 'client_loop: send disconnect: Broken pipe',
      error: new remote.ConnectionLostError('gw.example.test', {
        reason: 'client_loop: send disconnect: Broken pipe',
        hasBegun: true,
      }),
    },
    {when: 'a directory is not there', error: new remote.NoDirectoryError('/srv/shop')},
    {
      when: 'a local port is taken',
      error: new ports.PortUnavailableError(
        5173,
        'is in use by node (process 4711)',
        'Take a free one: runcode port-forward 0:5173',
      ),
    },
    {when: 'a file came over wrongly', error: new transfers.ChecksumMismatchError('disk.img', 'kept')},
    {when: 'a file is there already', error: new transfers.ExistsError('notes.txt', 'here')},
    {
      when: 'another process of ours is at work',
      error: new lock.LockedError('/home/me/.local/state/runcode/cli/lock', 4711),
    },
    {
      when: 'a folder of ours is open to others',
      error: new files.UnsafeFolderError('/home/me/.config/runcode/cli', 'is open to others (mode 0777)'),
    },
    {
      when: 'the disk is full',
      error: new files.FileError(
        'write',
        '/home/me/.local/state/runcode/cli/x',
        Object.assign(new Error('ENOSPC: no space left on device'), {code: 'ENOSPC'}),
      ),
    },
    {when: 'the server of this machine is down', error: new server.ServerDownError()},
  ]
}
