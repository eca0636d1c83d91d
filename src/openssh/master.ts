import {existsSync} from 'node:fs'
import {open} from 'node:fs/promises'
import {devNull} from 'node:os'
import type {Deadline} from '../core/deadline.ts'
import {removeWhole} from '../core/files.ts'
import {type Ending, startDetached} from '../core/process.ts'
import {isPrivateSocket, prepareSocket} from './control-socket.ts'
import {logFileIn} from './logs.ts'
import {claimStart, noteStart, readStart} from './master-start.ts'
import {askMaster} from './mux.ts'
import {findProgram} from './programs.ts'
import {type Route, routeArgs, routeEnvironment} from './route.ts'

/** More than ssh says of itself. */
const LOG_BYTES = 65_536
/** A folder that is always there, and not the user's: a master would hold that for as long as it lives. */
const ANYWHERE = '/'
/** Longer than a master needs on a machine that is very busy. */
const PATIENCE_MS = 2000

/** Whether a master of ours answers behind this socket. */
export const isMasterAlive = async (controlPath: string): Promise<boolean> =>
  (await isPrivateSocket(controlPath)) && (await askMaster(controlPath, 'check')) === 'yes'

/** Lets the master take no new clients and end with the last of those it has; with `now`, end at once. */
export async function stopMaster(controlPath: string, {now}: {now: boolean}): Promise<void> {
  if (await isPrivateSocket(controlPath)) await askMaster(controlPath, now ? 'exit' : 'stop', {timeoutMs: 1000})
}

/** So long may the machine have slept under a master; clocks are not read in the same moment either. */
const SHORT_SLEEP_SECONDS = 10

/**
 * Lets a master take no new clients where the machine slept since it was started: its connection is most likely dead by
 * now, while its socket answers, and whoever went over it would wait for a minute to hear so.
 */
export async function retireSleptMaster(
  {controlPath, folder}: {readonly controlPath: string | undefined; readonly folder: string},
  sleptSeconds: number,
): Promise<void> {
  // Most machines never sleep, and need no file read for it.
  if (controlPath === undefined || Math.abs(sleptSeconds) < SHORT_SLEEP_SECONDS) return
  const start = await readStart(folder)
  if (start === undefined || sleptSeconds - start.sleptSeconds < SHORT_SLEEP_SECONDS) return
  await stopMaster(controlPath, {now: false})
}

export interface MasterOptions {
  readonly configFile: string
  readonly alias: string
  readonly controlPath: string
  /** An existing folder of ours, for the words that ssh says while it connects, and for what we note of the start. */
  readonly folder: string
  /** How long this machine slept so far. */
  readonly sleptSeconds: number
  readonly env: NodeJS.ProcessEnv
  readonly route: Route
}

export type MasterStart =
  | {readonly isUp: true}
  /** There is no folder for its socket: every command connects on its own. */
  | {readonly isUp: false; readonly ending: 'impossible'}
  | {readonly isUp: false; readonly ending: Ending | 'timed out'; readonly stderr: string}

/**
 * Starts a master that outlives us and every terminal: a session of its own, all three streams on the null device or a
 * log. With ControlPersist ssh puts the master into the background when the login is done, and runs `true` over it, so
 * its own exit 0 says that the master is up. Of several that start at once one becomes the master and the others are
 * plain sessions that end with their `true` (ControlMaster auto, ssh_config(5)). A socket behind which someone is silent
 * is taken away first: ssh would wait for him without a limit.
 */
export async function startMaster(options: MasterOptions, deadline: Deadline): Promise<MasterStart> {
  const {configFile, alias, controlPath, folder, env, route} = options
  if (!(await prepareSocket(controlPath))) return {isUp: false, ending: 'impossible'}
  const answer = await askMaster(controlPath, 'check', {timeoutMs: PATIENCE_MS})
  if (answer === 'yes') return {isUp: true}
  if (answer === 'silent') await removeWhole(controlPath)
  const ssh = await findProgram('ssh', env)
  // One of our own: another process may be about to do the same.
  const logFile = logFileIn(folder)
  const {pid, ending} = startDetached(ssh, argsOf(configFile, alias, route), {
    env: routeEnvironment(env, route, logFile),
    cwd: ANYWHERE,
    logFile,
  })
  await noteLiving(options, pid)
  const result = await Promise.race([ending, aborted(deadline.signal)])
  if (result === 'timed out' && pid !== undefined) killGroup(pid)
  const isUp = await isMasterAlive(controlPath)
  const stderr = isUp ? '' : await endOf(logFile).catch(() => '')
  await removeWhole(logFile)
  return isUp ? {isUp} : {isUp, ending: result, stderr}
}

/**
 * Starts it and waits for nothing: the command of this moment goes its own way, the next one finds a master. Not where
 * someone is silent behind the socket, who may only be busy: each command would leave an ssh behind that waits for him.
 * Of many commands at once one does it.
 */
export async function startMasterInBackground(options: MasterOptions): Promise<void> {
  const {configFile, alias, controlPath, folder, sleptSeconds, env, route} = options
  if (!(await prepareSocket(controlPath)) || (await askMaster(controlPath, 'check')) !== 'no') return
  const ssh = await findProgram('ssh', env)
  if (!(await claimStart(folder, sleptSeconds))) return
  const {pid, release} = startDetached(ssh, argsOf(configFile, alias, route), {
    env: routeEnvironment(env, route, undefined),
    cwd: ANYWHERE,
    logFile: devNull,
  })
  await noteLiving(options, pid)
  release()
}

/**
 * Notes the ssh that becomes a master, and ends it where its session has gone meanwhile: who ends a session removes the config
 * and then looks for this note, so that one of us sees the other.
 */
const noteLiving = async (
  {folder, configFile, sleptSeconds}: MasterOptions,
  pid: number | undefined,
): Promise<void> => {
  await noteStart(folder, pid, sleptSeconds)
  if (pid !== undefined && !existsSync(configFile)) killGroup(pid)
}

const argsOf = (configFile: string, alias: string, route: Route): readonly string[] => [
  '-T',
  '-F',
  configFile,
  '-o',
  'ControlMaster=auto',
  ...routeArgs(route),
  alias,
  'true',
]

/** The last words in a log; before them a gateway may have filled it with banners. */
const endOf = async (path: string): Promise<string> => {
  const file = await open(path)
  try {
    const {size} = await file.stat()
    const length = Math.min(size, LOG_BYTES)
    const {buffer} = await file.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.toString('utf8')
  } finally {
    await file.close()
  }
}

const aborted = (signal: AbortSignal): Promise<'timed out'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('timed out')
    else signal.addEventListener('abort', () => resolve('timed out'), {once: true})
  })

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended between the two moments.
  }
}
