import {appendFile, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {systemCode} from '../core/errors.ts'
import {isSameProcess, processStart} from '../core/process-identity.ts'

/** The start of a master. */
export interface NotedStart {
  /** One of us who is about to start it; the ssh is not there yet. */
  readonly isClaim: boolean
  /** The ssh that does it, which ends when the master is up; before it is there, the one of us who starts it. */
  readonly pid: number
  /** When that process started, in the words of processStart(). */
  readonly started: string | null
  /** How long the machine had slept by then. */
  readonly sleptSeconds: number
}

const fileIn = (folder: string): string => join(folder, 'master')

/** The last one; undefined where none was noted. */
export const readStart = async (folder: string): Promise<NotedStart | undefined> => (await readStarts(folder)).at(-1)

const readStarts = async (folder: string): Promise<readonly NotedStart[]> => {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '')
  const lines = text.matchAll(/^(claim )?(\d{1,10}) (-?\d{1,12}\.\d) ?(.*)\n/gm)
  return Array.from(lines, ([, claim, pid, sleptSeconds, started]) => ({
    ...{isClaim: claim !== undefined, pid: Number(pid), sleptSeconds: Number(sleptSeconds), started: started || null},
  }))
}

/** Notes a start, beside those of others who are at it; where that can't be written, less is known later. */
export async function noteStart(folder: string, pid: number | undefined, sleptSeconds: number): Promise<void> {
  if (pid === undefined) return
  await appendFile(fileIn(folder), await textOf(pid, sleptSeconds), {mode: 0o600}).catch(() => undefined)
}

/** Whether it falls to us to start a master: not while another process is at it. */
export async function claimStart(folder: string, sleptSeconds: number): Promise<boolean> {
  const starts = await readStarts(folder)
  // Who has noted its ssh behind its claim is done.
  const pending = starts.filter(({isClaim}, at) => !isClaim || at === starts.length - 1)
  for (const {pid, started} of pending) if (await isSameProcess(pid, started)) return false
  await rm(fileIn(folder), {force: true}).catch(() => undefined)
  try {
    await writeFile(fileIn(folder), `claim ${await textOf(process.pid, sleptSeconds)}`, {flag: 'wx', mode: 0o600})
    return true
  } catch (error) {
    // On a full disk there is nothing to go by.
    return systemCode(error) !== 'EEXIST'
  }
}

/** Ends each ssh that is about to become a master, and with it what it would listen on: of several nobody knows which does. */
export async function endStart(folder: string): Promise<void> {
  for (const {isClaim, pid, started} of await readStarts(folder)) {
    if (isClaim || started === null || !(await isSameProcess(pid, started))) continue
    try {
      // It leads a group of its own.
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It ended between the two moments.
    }
  }
}

const textOf = async (pid: number, sleptSeconds: number): Promise<string> =>
  `${pid} ${sleptSeconds.toFixed(1)} ${(await processStart(pid)) ?? ''}\n`
