import {RuncodeError} from '../core/errors.ts'
import {lastLine} from './openssh-failed.ts'

/** The gateway showed another host key than the one that the control plane vouched for. */
export class HostKeyChangedError extends RuncodeError {
  constructor(host: string) {
    super(
      `The gateway ${host} showed another host key than the pinned one: the server's key changed, or it is not that server.`,
      {
        code: 'host_key_changed',
        hint: 'Nothing was sent to it. Take a new pass (runcode connect --force) and, if it says this again, ask whoever runs it.',
        facts: {host},
      },
    )
  }
}

/** The gateway refused our key. */
export class AuthFailedError extends RuncodeError {
  constructor(host: string) {
    super(`The gateway ${host} refused the key of this session.`, {
      code: 'auth_failed',
      hint: 'The workspace may have been stopped meanwhile. Take a new pass: runcode connect <workspace> --force',
      facts: {host},
    })
  }
}

/** ssh could not get to the gateway. */
export class ConnectionFailedError extends RuncodeError {
  constructor(host: string, reason: string | undefined) {
    super(`Could not connect to the gateway ${host}${reason === undefined ? '' : `: ${reason}`}`, {
      code: 'connection_failed',
      hint: 'Check that this machine is online, then look at "runcode doctor".',
      facts: {host},
    })
  }
}

/** What ssh meant with the words on its stderr, where it ended before any remote command began. */
export function explainSsh(stderr: string, host: string): RuncodeError {
  // We offer the pinned key types only, so a server with keys of other types ends the negotiation already.
  if (
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|no matching host key type found/i.test(stderr)
  )
    return new HostKeyChangedError(host)
  if (/Permission denied \(|Too many authentication failures/i.test(stderr)) return new AuthFailedError(host)
  return new ConnectionFailedError(host, lastLine(stderr))
}
