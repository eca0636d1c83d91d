import type {Deadline} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {ConnectionFailedError} from './explain.ts'
import {type Forwarder, type ForwarderOptions, startForwarder} from './forwarder.ts'

/** The gateway does not listen for us on a port of the workspace. It does not say why. */
export class ReverseRefusedError extends RuncodeError {
  constructor({local, remote}: ReversePorts, isSwitchedOff: boolean) {
    const why = isSwitchedOff
      ? 'its gateway allows that for no port, or not for one below 1024'
      : 'something listens on it there, or its gateway allows no reverse forwards'
    super(`Port ${remote} of the workspace cannot lead here: ${why}.`, {
      code: 'reverse_refused',
      hint: `Take another port of the workspace: runcode port-forward --reverse ${local}:<port>`,
      facts: {local, remote},
    })
  }
}

export interface ReversePorts {
  /** Of this machine. */
  readonly local: number
  /** Of the workspace, on its loopback. */
  readonly remote: number
}

export interface ReverseOptions extends Omit<ForwarderOptions, 'forwards' | 'onLine'> {
  readonly port: ReversePorts
  /** Where connections lead to on this machine: `localhost` or an address. */
  readonly target: string
  /** Hears that nothing took a connection here. */
  readonly onRefused: (reason: string) => void
}

/**
 * Starts an ssh that lets a port of the workspace lead here (`ssh -R`), and resolves when the gateway listens on it. ssh
 * itself opens a connection only to what was asked for, whatever the gateway says. Throws ReverseRefusedError, and what startForwarder() does.
 */
export async function startReverseForwarder(
  {port, target, onRefused, ...options}: ReverseOptions,
  deadline: Deadline,
): Promise<Forwarder> {
  let isSwitchedOff = false
  let tellOpen: (isOpen: true) => void = () => undefined
  const open = new Promise<true>((resolve) => {
    tellOpen = resolve
  })
  const onLine = (line: string): void => {
    if (line.startsWith(OPEN)) tellOpen(true)
    if (line.startsWith(SWITCHED_OFF)) isSwitchedOff = true
    if (NOT_CONNECTED.test(line)) onRefused(`nothing answers on port ${port.local} of this machine`)
  }
  const forwards = ['-R', `${LISTENER}:${port.remote}:${target}:${port.local}`, '-o', 'LogLevel=DEBUG1']
  const forwarder = await startForwarder({...options, forwards, onLine}, deadline)
  const answer = await Promise.race([open, forwarder.gone, silenceAt(deadline)])
  if (answer === true) return forwarder
  forwarder.end()
  if (answer === SILENCE || answer?.startsWith(REFUSED))
    throw new ReverseRefusedError(port, isSwitchedOff).quote(forwarder.said())
  throw new ConnectionFailedError(options.host, answer).quote(forwarder.said())
}

/** What is asked for: both loopbacks (RFC 4254 section 7.1). */
const LISTENER = 'localhost'

// In the words of OpenSSH, of which no other way tells; the second are those of its server.
const OPEN = 'debug1: remote forward success for: '
const SWITCHED_OFF = 'debug1: Remote: Server has disabled port forwarding'
const REFUSED = 'Error: remote port forwarding failed'
const NOT_CONNECTED = /^connect_to \S+(?: port \d+)?: failed\./

const SILENCE = Symbol('silence')

const silenceAt = ({signal}: Deadline): Promise<typeof SILENCE> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(SILENCE)))
