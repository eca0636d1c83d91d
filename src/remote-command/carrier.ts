import {type Ending, passSignals} from '../core/process.ts'
import {CommandOutput} from './command-output.ts'
import {heldBack} from './held-back.ts'
import {passOn, type Sink} from './pass-on.ts'
import {type RemoteStatus, StatusReader} from './status-reader.ts'

/** What carries a wrapped command to the far side. */
export interface Carrier {
  readonly stdout: AsyncIterable<Buffer>
  readonly stderr: AsyncIterable<Buffer>
  /** Resolves when it is gone. */
  readonly gone: Promise<unknown>
  /** Resolves when it is gone and its streams have ended. */
  readonly ending: Promise<Ending>
  /** Sends it a signal. */
  kill(signal: NodeJS.Signals): unknown
  /** Ends its streams where somebody else holds them open. */
  cut(): void
}

export interface Load {
  readonly nonce: string
  readonly stdout: Sink
  readonly stderr: Sink
  readonly timeoutSeconds: number | undefined
}

/** What became of it. */
export interface Delivery {
  readonly status: RemoteStatus
  readonly ending: Ending
  /** The first signal that ended it, ours or its own. */
  readonly signal: NodeJS.Signals | undefined
  readonly timedOut: boolean
  /** The reader of our stdout left before the command ended, which was ended for that. */
  readonly hasReaderLeft: boolean
  /** What came where the command did not begin: the words of rc files, of banners, of a program that is no ssh. */
  readonly noise: string
}

/** It gets this long to end after TERM. */
const PATIENCE_MS = 2000
/** Signals to us that are for the command. */
const PASSED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Hands on what a command writes, until it ends. Whatever ends us ends the carrier, and so the channel, and so the
 * command: see wrapCommand.
 */
export async function deliver(carrier: Carrier, {nonce, stdout, stderr, timeoutSeconds}: Load): Promise<Delivery> {
  // What is sent to us is for the command: the carrier gets it and ends, and the far side with it.
  const signals = passSignals(carrier, PASSED)
  const limit = limitTime(carrier, timeoutSeconds)
  const enough = new AbortController()
  let hasReaderLeft = false
  void carrier.gone.then(() => {
    // A master holds its end of our pipes for as long as the far side takes to end what we ended.
    if (hasReaderLeft || limit.isOver() || signals.first() !== undefined) enough.abort()
  })
  enough.signal.addEventListener('abort', () => carrier.cut())
  const reader = new StatusReader(nonce)
  const output = new CommandOutput(carrier.stdout, reader)
  const errors = heldBack(stderr, enough.signal)
  const begin = (): void => {
    limit.begin()
    errors.letGo()
  }
  const passOutput = async (): Promise<void> => {
    hasReaderLeft = (await passOn(output.bytes(begin), stdout, enough.signal)) === 'left'
    // Whoever writes for nobody is ended, as by SIGPIPE.
    if (hasReaderLeft) carrier.kill('SIGTERM')
  }
  const passErrors = async (): Promise<void> => {
    await passOn(carrier.stderr, errors.sink, enough.signal)
    await errors.isPassed()
  }
  const [ending] = await Promise.all([carrier.ending, passOutput(), passErrors()])
  signals.release()
  limit.release()
  // ssh tells its own death by a signal that we passed on in several ways; ours is the signal itself. A terminal sends
  // it to both of us, and we may hear of ssh's end before we hear of the signal.
  const own = ending.kind === 'signalled' && PASSED.includes(ending.signal) ? ending.signal : undefined
  return {
    status: reader.status,
    ending,
    signal: signals.first() ?? (limit.isOver() || hasReaderLeft ? undefined : own),
    timedOut: limit.isOver(),
    hasReaderLeft,
    noise: `${output.noise()}\n${errors.words()}`,
  }
}

/** From the begin of the command; at the end of the time the carrier is ended. */
const limitTime = (carrier: Pick<Carrier, 'kill'>, seconds: number | undefined) => {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const end = (): void => {
    isOver = true
    carrier.kill('SIGTERM')
    // One that was stopped hears it later, and KILL now.
    timer = setTimeout(() => carrier.kill('SIGKILL'), PATIENCE_MS)
  }
  return {
    begin: (): void => {
      if (seconds !== undefined) timer ??= setTimeout(end, seconds * 1000)
    },
    isOver: (): boolean => isOver,
    release: (): void => clearTimeout(timer),
  }
}
