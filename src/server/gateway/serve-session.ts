import type {ServerChannel, Session} from 'ssh2'
import {BROKEN_PIPE_MS, MAX_VARIABLES} from '../limits.ts'
import type {PtyRequest, Runtime, RuntimeProcess, RuntimeWorkspace} from '../runtime/runtime.ts'
import {type ChannelRun, type ChannelRunOptions, runOnChannel} from './run-on-channel.ts'
import {isAcceptedVariable, parsePty, parseSignal, parseSize} from './session-requests.ts'

export interface SessionOptions extends ChannelRunOptions {
  readonly workspace: RuntimeWorkspace
  readonly runtime: Runtime
  /** Whether something may be started now; a session may be older than the end of what it was opened for. */
  readonly mayRun: () => boolean
  /** Gets the ending of each process that was started. */
  readonly onProcess: (ended: Promise<unknown>) => void
}

export interface ServedSession {
  /** The connection is gone: what still runs is ended. */
  end(): void
  /** The client wants no more of stdout: the process sees a closed pipe. */
  dropStdout(): void
  /** The client has closed the channel: what still runs is ended. Resolves when its status was sent, and the close. */
  close(): Promise<void>
}

/**
 * Answers the requests on a session channel (RFC 4254 section 6): variables, a terminal, one command or shell, its
 * signals, and the subsystem `sftp`, which is a program of the workspace like any other. What has no listener here (X11,
 * agent forwarding) is refused by ssh2.
 */
export function serveSession(
  session: Session,
  {workspace, runtime, mayRun, onProcess, ...options}: SessionOptions,
): ServedSession {
  const env: Record<string, string> = {}
  let pty: PtyRequest | undefined
  let child: RuntimeProcess | undefined
  let channelRun: ChannelRun | undefined
  let isStdoutDropped = false
  let isOver = false

  const run = (accept: () => ServerChannel | undefined, reject: () => void, start: () => RuntimeProcess): void => {
    const channel = child === undefined && !isOver && mayRun() ? accept() : undefined
    if (channel === undefined) {
      reject?.()
      return
    }
    child = start()
    onProcess(child.ended)
    channelRun = runOnChannel(channel, child, options)
    void channelRun.sent.then(() => {
      isOver = true
    })
  }
  session.on('env', (accept, reject, {key, val}) => {
    const isAccepted = isAcceptedVariable(key, val) && Object.keys(env).length < MAX_VARIABLES
    if (isAccepted) env[key] = val
    answer(isAccepted, accept, reject)
  })
  session.on('pty', (accept, reject, request) => {
    pty = parsePty(request)
    answer(pty !== undefined, accept, reject)
  })
  session.on('window-change', (accept, _reject, request) => {
    const {columns, rows} = parseSize(request)
    child?.resize(columns, rows)
    accept?.()
  })
  session.on('signal', (accept, reject, {name}) => {
    const signal = parseSignal(name)
    if (signal !== undefined) child?.signal(signal)
    answer(signal !== undefined, accept, reject)
  })
  const exec = (command: string | undefined) => () => runtime.exec(workspace, {command, pty, env})
  session.on('exec', (accept, reject, {command}) => run(accept, reject, exec(command)))
  session.on('shell', (accept, reject) => run(accept, reject, exec(undefined)))
  session.on('subsystem', (accept, reject, {name}) => {
    if (name === 'sftp') run(accept, reject, () => runtime.sftp(workspace))
    else reject?.()
  })

  const end = (): void => {
    if (isOver) return
    isOver = true
    child?.end()
    for (const stream of [child?.stdin, child?.stdout, child?.stderr]) stream?.destroy()
  }
  return {
    end,
    dropStdout: () => {
      isStdoutDropped = true
      channelRun?.dropStdout()
    },
    close: async () => {
      channelRun?.dropOutput()
      if (!isStdoutDropped) end()
      const limit = setTimeout(end, BROKEN_PIPE_MS)
      await channelRun?.sent
      clearTimeout(limit)
    },
  }
}

/** ssh2 gives neither function where the client wants no reply. */
const answer = (isAccepted: boolean, accept: (() => void) | undefined, reject: (() => void) | undefined): void =>
  isAccepted ? accept?.() : reject?.()
