import {rename} from 'node:fs/promises'
import {join} from 'node:path'
import {deadlineIn, pause} from '../../core/deadline.ts'
import {ERROR_CODES, type ErrorCode, RuncodeError} from '../../core/errors.ts'
import {makePrivateFolder, readIfThere, removeWhole} from '../../core/files.ts'
import {startDetached} from '../../core/process.ts'
import {randomHex} from '../../core/random-hex.ts'
import {logOf, recordsFolder, removeLogsOfTheDead} from '../../forward/records.ts'
import type {Context} from '../context.ts'

/** To take a pass and to connect. */
const LIMIT_MS = 60_000
const LOOK_MS = 50

/** A forward in the background failed before it was ready, for the reason that it said. */
export class BackgroundForwardError extends RuncodeError {}

export interface BackgroundInput {
  /** This very program: what to start, and the words before ours. */
  readonly self: readonly [string, ...string[]]
  /** The words for the process in the background; it is to say its events in JSON. */
  readonly words: readonly string[]
  readonly portCount: number
}

/** An event as it was said in JSON. */
export type SaidEvent = Readonly<Record<string, unknown>>

export interface Background {
  readonly pid: number
  readonly logFile: string
  /** `ready` and `failed`, one a port. */
  readonly events: readonly SaidEvent[]
}

/** Forwards ports in a process that outlives us; gives what it said once each port is ready or has failed. */
export async function forwardInBackground(
  context: Context,
  {self, words, portCount}: BackgroundInput,
): Promise<Background> {
  const folder = recordsFolder(context.folders.state)
  await removeLogsOfTheDead(context.folders.state)
  await makePrivateFolder(folder)
  const [program, ...before] = self
  const started = join(folder, `${randomHex(8)}.starting`)
  const {pid, ending, release} = startDetached(program, [...before, ...words], {
    env: context.env,
    cwd: context.cwd,
    logFile: started,
  })
  const logFile = logOf(context.folders.state, pid ?? 0)
  await rename(started, logFile)
  let hasEnded = false
  const ended = ending.then(() => {
    hasEnded = true
  })
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  for (;;) {
    const isLast = hasEnded || deadline.signal.aborted
    const said = eventsIn((await readIfThere(logFile)) ?? '')
    const events = said.filter(({event}) => event === 'ready' || event === 'failed')
    if (pid !== undefined && events.length === portCount && events.some(({event}) => event === 'ready')) {
      release()
      return {pid, logFile, events}
    }
    if (isLast) {
      if (!hasEnded && pid !== undefined) process.kill(pid, 'SIGTERM')
      await removeWhole(logFile)
      throw failureIn(said)
    }
    await Promise.race([pause(LOOK_MS, deadline.signal), ended])
  }
}

const eventsIn = (text: string): readonly SaidEvent[] =>
  text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line)
      return typeof value === 'object' && value !== null ? [value as SaidEvent] : []
    } catch {
      return []
    }
  })

const failureIn = (said: readonly SaidEvent[]): RuncodeError => {
  const {error, message, hint, ssh_said: words} = said.findLast((one) => one['event'] === undefined) ?? {}
  const code = typeof error === 'string' && Object.hasOwn(ERROR_CODES, error) ? (error as ErrorCode) : 'not_ready'
  const text = typeof message === 'string' ? message : 'The process in the background was not ready in time.'
  return new BackgroundForwardError(text, {
    ...{code, hint: typeof hint === 'string' ? hint : 'Try without --background.'},
  }).quote(Array.isArray(words) ? words.join('\n') : undefined)
}
