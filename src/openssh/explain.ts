import {RuncodeError} from '../core/errors.ts'
import {hintWhereNobodyListens} from '../core/nobody-listens.ts'
import type {Ending} from '../core/process.ts'
import {lastLine, OpensshFailedError} from './openssh-failed.ts'
import {ROUTE_FAILED} from './route.ts'

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
      hint:
        hintWhereNobodyListens(host, reason ?? '') ??
        'Check that this machine is online, then look at "runcode doctor".',
      facts: {host},
    })
  }
}

/** The HTTP proxy of the profile refused to connect us, and will the next time. */
export class ProxyRefusedError extends RuncodeError {
  constructor(host: string, reason: string) {
    super(`Could not connect to the gateway ${host}: ${reason}`, {
      code: 'connection_failed',
      retryable: false,
      hint: 'Ask whoever runs that proxy, or name another one: runcode profile set <name> --ssh-proxy <url>',
      facts: {host},
    })
  }
}

/** What ssh meant with its end and the words on its stderr, which it quotes, where nothing but a connection was asked for. */
export const explainSsh = (stderr: string, host: string, ending: Ending | 'timed out'): RuncodeError =>
  explainEnd(stderr, host, ending).quote(stderr)

const explainEnd = (stderr: string, host: string, ending: Ending | 'timed out'): RuncodeError => {
  const refusal = explainProxy(stderr, host) ?? explainRefusal(stderr, host)
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
  return (
    explainUnfit(stderr) ??
    (BEFORE_A_SESSION.test(stderr) ? new ConnectionFailedError(host, lastLine(stderr)) : undefined)
  )
}

/** What our ProxyCommand said of its failure: ssh says only that it got no connection, in several ways. */
const explainProxy = (log: string, host: string): RuncodeError | undefined => {
  const [, how, reason] = ROUTE_FAILED.exec(log) ?? []
  if (reason === undefined) return undefined
  const words = lastLine(reason) ?? ''
  return how === 'failed' ? new ConnectionFailedError(host, words) : new ProxyRefusedError(host, words)
}

const explainUnfit = (stderr: string): RuncodeError | undefined =>
  UNFIT_SSH.test(stderr) ? new OpensshFailedError('ssh', {kind: 'exited', code: 255}, stderr) : undefined

const WRONG_HOST_KEY =
  /^(?:@ +WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|Unable to negotiate .*no matching host key type found)/im
const KEY_REFUSED =
  /^(?:\S+: Permission denied \([a-z,-]*\)|(?:Received disconnect|Disconnected) .*Too many authentication failures)/im
/** Too old for our config, or not to be used with it. */
const UNFIT_SSH = /^.*: (?:line \d+: )?Bad (?:configuration option|owner or permissions on)|bad configuration options/im
/** Before ssh opened a session: nothing has run. */
const BEFORE_A_SESSION =
  /^(?:Can't open user config file|ssh: connect to host|ssh: Could not resolve hostname|(?:kex|ssh)_exchange_identification|(?:Connection timed out during )?banner exchange|Unable to negotiate|.*Session open refused by peer)/im

/** The gateway hung up before it said who it is; one that lets few strangers in at a time does (MaxStartups). */
export const isHungUpOn = (log: string): boolean =>
  /^(?:kex|ssh)_exchange_identification: (?!banner line )/m.test(log) && !ROUTE_FAILED.test(log)

/** What ssh said, without what it says only to whoever looks for a mistake in it. */
export const withoutDebug = (log: string): string => log.replace(/^debug[123]: .*\n?/gm, '')

/** Words of its own that say nothing of an end. */
const CHATTER = /^(?:debug[123]:|Authenticated to|Transferred: sent|Bytes per second: sent) .*$/gm
/** What ssh said last of its end. */
export const reasonOf = (log: string): string | undefined => lastLine(log.replace(CHATTER, ''))

/**
 * What kept ssh from asking for the command, by its own log at LogLevel VERBOSE; undefined where it may have asked, and
 * where nothing proves that it did not. ssh says so when it was let in, and asks for nothing before. What a gateway gives
 * as its reason for a disconnect stands in the log too, with newlines as it likes: it can only come behind that line.
 */
export function explainUnasked(log: string, host: string): RuncodeError | undefined {
  // Of whoever says nothing to the end nobody knows whether he could: the disk may be full.
  if (!log.endsWith('\n')) return undefined
  const letIn = LET_IN.exec(log)
  if (letIn === null)
    return explainProxy(log, host) ?? explainRefusal(log, host) ?? new ConnectionFailedError(host, lastLine(log))
  const [refusal] = NOT_OPENED.exec(log.slice(letIn.index + letIn[0].length)) ?? []
  return refusal === undefined ? undefined : new ConnectionFailedError(host, lastLine(refusal))
}

const LET_IN = /^Authenticated to [^\n]*\n/m
/** Said first after that: the channel or the request was refused. (A terminal is asked for together with the command.) */
const NOT_OPENED = /^(?:channel 0: open failed: [^\n]*|(?:exec|shell) request failed on channel 0\r?)\n/

/** Whether the first thing that ssh says after it was let in is that it got no terminal; with -tt it ends for that. */
export function isTerminalRefused(log: string): boolean {
  const letIn = LET_IN.exec(log)
  return (
    letIn !== null && /^PTY allocation request failed on channel 0\r?\n/.test(log.slice(letIn.index + letIn[0].length))
  )
}

/**
 * Whether a client that may go nowhere but over the master, by its log at LogLevel DEBUG3, asked it for nothing, or was refused: it then
 * turned to a connection of its own, which it does not have. Where it had asked and got no answer it says that of the request.
 */
export const isTurnedAway = (log: string): boolean =>
  /^Can't open user config file/m.test(log) ||
  UNFIT_SSH.test(log) ||
  (/^debug1: Executing proxy command: /m.test(log) &&
    !/^mux_client_request_session: (?!session request failed: |master alive request failed)/m.test(log))

/**
 * Whether a client, by its log at LogLevel DEBUG3, waits for the hello of its master (PROTOCOL.mux), or was killed while it did: it has
 * asked for nothing. All that it does next it tells first.
 */
export const isMasterSilent = (log: string): boolean => /\ndebug2: fd \d+ setting O_NONBLOCK\r?\n$/.test(log)
