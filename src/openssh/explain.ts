import {RuncodeError} from '../core/errors.ts'
import type {Ending} from '../core/process.ts'
import {lastLine, OpensshFailedError} from './openssh-failed.ts'

/** The gateway showed another host key than the one that the control plane vouched for. */
export class HostKeyChangedError extends RuncodeError {
  constructor(host: string) {
    super(
      `The gateway ${host} showed another host key than the pinned one: the server's key changed, or it is not that server.`,
      {
        code: 'host_key_changed',
        hint: 'Nothing was sent to it. Take a new pass (runcode connect <workspace> --force) and, if it says this again, ask whoever runs it.',
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

/** What ssh meant with its end and the words on its stderr, where nothing but a connection was asked for. */
export function explainSsh(stderr: string, host: string, ending: Ending | 'timed out'): RuncodeError {
  const refusal = explainRefusal(stderr, host)
  if (refusal !== undefined) return refusal
  if (ending === 'timed out') return new ConnectionFailedError(host, lastLine(stderr) ?? 'it did not answer in time')
  if (ending.kind !== 'exited') return new OpensshFailedError('ssh', ending, stderr)
  return new ConnectionFailedError(host, lastLine(stderr) ?? `ssh ended with status ${ending.code}`)
}

/**
 * What kept a session from being opened, by words that ssh says before one only, as lines of their own; undefined where
 * a command may have begun. A connection that just broke proves nothing: the far side may have got the command before.
 */
export function explainRefusal(stderr: string, host: string): RuncodeError | undefined {
  // We offer the pinned key types only, so a server with keys of other types ends the negotiation already.
  if (WRONG_HOST_KEY.test(stderr)) return new HostKeyChangedError(host)
  if (KEY_REFUSED.test(stderr)) return new AuthFailedError(host)
  if (UNFIT_SSH.test(stderr)) return new OpensshFailedError('ssh', {kind: 'exited', code: 255}, stderr)
  return BEFORE_A_SESSION.test(stderr) ? new ConnectionFailedError(host, lastLine(stderr)) : undefined
}

/** The master was full (MaxSessions of sshd_config(5)): it opened no session for us. */
export const isMasterFull = (stderr: string): boolean => /Session open refused by peer/i.test(stderr)

const WRONG_HOST_KEY =
  /^(?:@ +WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|Unable to negotiate .*no matching host key type found)/im
const KEY_REFUSED =
  /^(?:\S+: Permission denied \([a-z,-]*\)|(?:Received disconnect|Disconnected) .*Too many authentication failures)/im
/** Too old for our config, or not to be used with it. */
const UNFIT_SSH = /^.*: (?:line \d+: )?Bad (?:configuration option|owner or permissions on)|bad configuration options/im
/** Before ssh opened a session: nothing has run. */
const BEFORE_A_SESSION =
  /^(?:Can't open user config file|ssh: connect to host|ssh: Could not resolve hostname|(?:kex|ssh)_exchange_identification|(?:Connection timed out during )?banner exchange|Unable to negotiate|.*Session open refused by peer)/im

/**
 * A client that may go nowhere but over the master did not reach it: it ended between two moments. Where it was reached
 * and was lost after that, ssh says so (mux_client, or that the master terminated), and nobody knows what ran.
 */
export const isMasterGone = (stderr: string): boolean =>
  /^kex_exchange_identification: /m.test(stderr) && !/mux_client|Control master terminated/.test(stderr)
