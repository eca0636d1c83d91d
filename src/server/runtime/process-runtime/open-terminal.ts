import {readSync, writeSync} from 'node:fs'
import {constants} from 'node:os'
import {Readable, Writable} from 'node:stream'
import type {ReadStream} from 'node:tty'
import {RuncodeError, systemCode} from '../../../core/errors.ts'
import type {Ending} from '../../../core/process.ts'
import type {PtyRequest} from '../runtime.ts'
import type {SpawnOptions} from './spawn-piped.ts'

/** A process on the far side of a pseudoterminal. */
export interface Terminal {
  /** Also its process group and its session. */
  readonly pid: number
  readonly input: Writable
  /** Ends when the process is gone and all that it wrote was given. Destroying it hangs the terminal up. */
  readonly output: Readable
  readonly ended: Promise<Ending>
  resize(columns: number, rows: number): void
}

export interface TerminalOptions extends SpawnOptions {
  readonly shell: string
  /** One line for the shell; undefined asks for a login shell. */
  readonly command: string | undefined
  readonly pty: PtyRequest
}

/** Terminals need a package that this installation has not. */
export class NoTerminalError extends RuncodeError {
  constructor(cause: unknown) {
    super('This server cannot open a terminal: the package @lydell/node-pty is not installed.', {
      code: 'missing_package',
      hint: 'Install runcode with its optional packages, or run the command without a terminal (ssh -T).',
      cause,
    })
  }
}

/** How often a full terminal is tried again; its process reads at its own pace. */
const RETRY_MS = 5
/** Linux keeps some 64 KiB for a reader that lags behind. */
const LEFT_LIMIT_BYTES = 1 << 20

/** Starts a shell on a new terminal. Throws NoTerminalError, and what node-pty throws where it cannot start. */
export async function openTerminal({shell, command, cwd, env, pty}: TerminalOptions): Promise<Terminal> {
  const {spawn} = await import('@lydell/node-pty').catch((error: unknown) => {
    throw new NoTerminalError(error)
  })
  const terminal = spawn(shell, command === undefined ? ['-l'] : ['-c', command], {
    name: pty.term,
    cols: pty.columns,
    rows: pty.rows,
    cwd,
    env,
    encoding: null,
  })
  const {_socket: socket, fd} = terminal as unknown as Unpublished
  // The descriptor is closed by then, and its number may be another file's.
  const isClosed = (): boolean => socket.destroyed
  const output = outputOf(socket, fd)
  const ended = new Promise<Ending>((resolve) => {
    terminal.onExit(({exitCode, signal}) => {
      output.push(null)
      resolve(endingOfTerminal(exitCode, signal))
    })
  })
  return {
    pid: terminal.pid,
    input: inputTo(fd, isClosed),
    output,
    ended,
    resize: (columns, rows) => {
      if (!isClosed()) terminal.resize(columns, rows)
    },
  }
}

/** The parts of node-pty 1.1 that it does not publish: its stream, and the terminal's descriptor. */
interface Unpublished {
  readonly _socket: ReadStream
  readonly fd: number
}

/**
 * What the process writes, held back while nobody reads. When the process ends three parties give up with bytes of it
 * still inside: libuv, which takes a hang-up after a short read for the end, and a terminal gives 4 KiB at a time; Node,
 * which destroys a stream at EIO, how Linux says that the other side is gone; and node-pty, 200 ms after the exit.
 * So before the stream is destroyed, what is left is read.
 */
const outputOf = (socket: ReadStream, fd: number): Readable => {
  let isOver = false
  const destroy = socket.destroy.bind(socket)
  const output = new Readable({
    read: () => socket.resume(),
    destroy: (error, done) => {
      destroy()
      done(error)
    },
  })
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    if (!output.push(chunk) && !isOver) socket.pause()
  })
  socket.destroy = (error) => {
    if (isOver || socket.destroyed) return socket
    isOver = true
    // First what the stream has read already; it comes before the next turn of the event loop.
    socket.resume()
    setImmediate(() => {
      if (!socket.destroyed) for (const chunk of leftIn(fd)) output.push(chunk)
      destroy(error)
    })
    return socket
  }
  return output
}

/** What a terminal holds now, and not what is written to it without end by a process that stayed behind. */
function* leftIn(fd: number): Generator<Uint8Array> {
  for (let sizeBytes = 0; sizeBytes < LEFT_LIMIT_BYTES; ) {
    const chunk = Buffer.alloc(4096)
    try {
      const length = readSync(fd, chunk)
      if (length === 0) return
      sizeBytes += length
      yield chunk.subarray(0, length)
    } catch {
      // EAGAIN: nothing now. EIO: nothing any more.
      return
    }
  }
}

/**
 * What the process reads. Written by hand: libuv would block the whole program on a terminal that is full. The end of
 * input is no byte on a terminal; it stays open until its process ends.
 */
const inputTo = (fd: number, isClosed: () => boolean): Writable => {
  const write = (chunk: Uint8Array, done: (error?: Error) => void): void => {
    const written = isClosed() ? chunk.length : writeNow(fd, chunk)
    if (written instanceof Error) done(written)
    else if (written === chunk.length) done()
    else setTimeout(write, RETRY_MS, chunk.subarray(written), done)
  }
  return new Writable({write: (chunk: Uint8Array, _encoding, done) => write(chunk, done)})
}

/** How many bytes the terminal takes now. */
const writeNow = (fd: number, chunk: Uint8Array): number | Error => {
  try {
    return writeSync(fd, chunk)
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return 0
    return error instanceof Error ? error : new Error(String(error))
  }
}

const endingOfTerminal = (code: number, signal: number | undefined): Ending => {
  const names = Object.keys(constants.signals) as NodeJS.Signals[]
  const name = signal ? names.find((each) => constants.signals[each] === signal) : undefined
  return name === undefined ? {kind: 'exited', code} : {kind: 'signalled', signal: name}
}
