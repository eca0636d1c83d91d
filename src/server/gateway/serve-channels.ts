import type {Socket} from 'node:net'
import type {Connection, ServerChannel, Session} from 'ssh2'
import {MAX_CHANNELS} from '../limits.ts'
import {parseSocketTarget, parseTcpTarget, serveForward} from './serve-forward.ts'
import {serveReverse} from './serve-reverse.ts'
import {type ServedSession, type SessionOptions, serveSession} from './serve-session.ts'
import {
  askForAnswers,
  completeChannelRequests,
  completeCloses,
  refuseTinyPackets,
  watchForOverrun,
} from './ssh2-gaps.ts'

export interface ChannelOptions extends Omit<SessionOptions, 'connection' | 'untilClientHasAll'> {
  readonly socket: Socket
  /** Whether its pass is good still. */
  readonly mayListen: () => boolean
}

/**
 * Serves the channels of a client that was let in, and its wishes to be listened for. All channel types but these three are
 * refused by ssh2, as no one listens for them.
 */
export function serveChannels(connection: Connection, {socket, mayListen, ...options}: ChannelOptions): void {
  const sessions = new Map<Session, ServedSession>()
  const forwards = new Set<() => void>()
  const untilClientHasAll = askForAnswers(connection)
  const mayOpen = (): boolean => options.mayRun() && sessions.size + forwards.size < MAX_CHANNELS
  connection.setMaxListeners(0)

  connection.on('session', (accept, reject) => {
    if (!mayOpen()) return reject()
    const session = accept()
    sessions.set(session, serveSession(session, {...options, connection: socket, untilClientHasAll}))
    session.on('close', () => sessions.delete(session))
  })
  const forward = (
    target: ReturnType<typeof parseTcpTarget>,
    accept: () => ServerChannel,
    reject: () => void,
  ): void => {
    if (target === undefined || !mayOpen()) {
      reject()
      return
    }
    const end = serveForward(target, {connection: socket, accept, reject, onClosed: () => forwards.delete(end)})
    forwards.add(end)
  }
  connection.on('tcpip', (accept, reject, info) => forward(parseTcpTarget(info), accept, reject))
  connection.on('openssh.streamlocal', (accept, reject, info) => forward(parseSocketTarget(info), accept, reject))
  const endListening = serveReverse(connection, {socket, mayListen, mayOpen, forwards})
  completeChannelRequests(connection, (session) => sessions.get(session)?.dropStdout())
  completeCloses(connection, async (session) => sessions.get(session)?.close())
  refuseTinyPackets(connection)
  watchForOverrun(connection, () => socket.destroy())
  connection.once('close', () => {
    endListening()
    for (const session of sessions.values()) session.end()
    for (const end of forwards) end()
  })
}
