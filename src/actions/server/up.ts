import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {deadlineIn, pause} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {makePrivateFolder} from '../../core/files.ts'
import {printable} from '../../core/printable.ts'
import {startDetached} from '../../core/process.ts'
import type {ServerFacts} from '../../server/server-facts.ts'
import type {Context} from '../context.ts'
import {adoptLocalProfile} from './local-profile.ts'
import {findServer, serverRoot} from './local-server.ts'

const START_LIMIT_MS = 30_000
const LOOK_MS = 50

/** The server ended before it was ready, or never was. */
export class ServerNotStartedError extends RuncodeError {
  constructor(reason: string, logFile: string) {
    super(`The server did not start: ${reason}`, {
      code: 'server_failed',
      hint: `Its whole log: ${logFile}`,
      facts: {log: logFile},
    })
  }
}

export interface UpInput {
  readonly apiPort: number | undefined
  readonly gatewayPort: number | undefined
  /** The server ends by itself after so long without work. */
  readonly idleSeconds: number | undefined
  /** This very program: what to start, and the words before ours. */
  readonly self: readonly [string, ...string[]]
}

export interface Up {
  readonly facts: ServerFacts
  readonly wasRunning: boolean
  readonly isDefault: boolean
}

/** Brings the server up in the background, if it does not run, and writes its profile. */
export async function serverUp(context: Context, input: UpInput): Promise<Up> {
  const running = await findServer(context)
  const facts = running ?? (await context.progress.step('Starting the server', () => start(context, input)))
  return {facts, wasRunning: running !== undefined, isDefault: await adoptLocalProfile(context, facts)}
}

const start = async (context: Context, {self, ...input}: UpInput): Promise<ServerFacts> => {
  const {requirePackages} = await import('../../server/packages.ts')
  requirePackages()
  const root = serverRoot(context)
  await makePrivateFolder(root)
  const logFile = join(root, 'server.log')
  const [program, ...before] = self
  const {ending, release} = startDetached(program, [...before, 'server', 'up', '--foreground', ...flagsOf(input)], {
    env: context.env,
    cwd: root,
    logFile,
  })
  let hasEnded = false
  const ended = ending.then(() => {
    hasEnded = true
  })
  const deadline = deadlineIn(START_LIMIT_MS, context.interrupted)
  for (;;) {
    const facts = await findServer(context)
    if (facts !== undefined) {
      release()
      return facts
    }
    if (hasEnded) throw new ServerNotStartedError(await lastWords(logFile), logFile)
    if (deadline.isOver()) throw new ServerNotStartedError('it was not ready in time.', logFile)
    await Promise.race([pause(LOOK_MS, deadline.signal), ended])
  }
}

const flagsOf = ({apiPort, gatewayPort, idleSeconds}: Omit<UpInput, 'self'>): readonly string[] => [
  ...(apiPort === undefined ? [] : [`--api-port=${apiPort}`]),
  ...(gatewayPort === undefined ? [] : [`--gateway-port=${gatewayPort}`]),
  ...(idleSeconds === undefined ? [] : [`--idle=${idleSeconds}`]),
]

const lastWords = async (logFile: string): Promise<string> => {
  const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line.startsWith('runcode: '))
  return printable((lines.at(-1) ?? 'runcode: it said nothing.').slice('runcode: '.length))
}
