import {deadlineIn} from '../core/deadline.ts'
import {makePrivateFolder} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import {printable} from '../core/printable.ts'
import {parseRemotePath} from '../workspace/remote-path.ts'
import {endSteps} from './end-steps.ts'
import type {ServerFacts} from './server-facts.ts'
import {ServerFailedError} from './server-failed.ts'
import {serverFolder} from './server-folder.ts'
import {type StartedServer, startServer} from './start-server.ts'
import {storeFailure} from './store/open-store.ts'

/** How a server is run. A port that is undefined is the remembered one, or a free one. */
export interface RunServerOptions {
  /** The server's folder; made 0700 where there is none. */
  readonly folder: string
  /** Of runcode. */
  readonly version: string
  /** The environment that commands in workspaces start from. */
  readonly env: NodeJS.ProcessEnv
  readonly apiPort: number | undefined
  readonly gatewayPort: number | undefined
  /** Ends after so long without work; undefined: never by itself. */
  readonly idleSeconds: number | undefined
  readonly now: () => Date
  /** Called once, when everything listens and the facts are written. */
  readonly onReady: (facts: ServerFacts) => void
  /** Ends the server. */
  readonly signal: AbortSignal
}

/**
 * Runs the server of a folder until it is told to end or is idle, and tells which. Throws ServerFailedError where another
 * one has the folder or a port, or no client would take the folder's path, LockedError, FileError and UnsafeFolderError.
 */
export async function runServer(options: RunServerOptions): Promise<'stopped' | 'idle'> {
  const folder = serverFolder(options.folder)
  if (parseRemotePath(folder.workspaces) === undefined) throw unfitPath(folder.root)
  await makePrivateFolder(folder.root)
  const end = endSteps()
  try {
    const start = (): Promise<StartedServer> =>
      startServer(options, folder, end).catch((error: unknown) => {
        throw storeFailure(folder.database, error)
      })
    const {facts, isIdle} = await withLock(folder.lock, deadlineIn(LOCK_LIMIT_MS, options.signal), start)
    options.onReady(facts)
    return await Promise.race([aborted(options.signal), isIdle.then(() => 'idle' as const)])
  } finally {
    await end.run()
  }
}

/** The directory of each workspace lies below the server's folder, and clients take none that a shell could read in another way. */
const unfitPath = (root: string): ServerFailedError =>
  new ServerFailedError(
    `The path of its folder, ${printable(root)}, has marks that no workspace may have in its own: set XDG_STATE_HOME to one of letters, digits, blanks and ._@+,=~:- only.`,
    {facts: {folder: root}},
  )

/** For another server that starts in the same folder at the same time. */
const LOCK_LIMIT_MS = 30_000

const aborted = (signal: AbortSignal): Promise<'stopped'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('stopped')
    else signal.addEventListener('abort', () => resolve('stopped'), {once: true})
  })
