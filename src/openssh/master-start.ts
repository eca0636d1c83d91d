import {readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {systemCode} from '../core/errors.ts'
import {isSameProcess, processStart} from '../core/process-identity.ts'

/** The last start of a master. */
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

/** Undefined where none was noted. */
export async function readStart(folder: string): Promise<NotedStart | undefined> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '')
  const [, claim, pid, sleptSeconds, started] = /^(claim )?(\d{1,10}) (-?\d{1,12}\.\d) ?(.*)\n$/.exec(text) ?? []
  if (pid === undefined) return undefined
  const isClaim = claim !== undefined
  return {isClaim, pid: Number(pid), sleptSeconds: Number(sleptSeconds), started: started || null}
}

/** Notes a start; where that can't be written, less is known later. */
export async function noteStart(folder: string, pid: number | undefined, sleptSeconds: number): Promise<void> {
  if (pid === undefined) return
  await writeFile(fileIn(folder), await textOf(pid, sleptSeconds), {mode: 0o600}).catch(() => undefined)
}

/** Whether it falls to us to start a master: not while another process is at it. */
export async function claimStart(folder: string, sleptSeconds: number): Promise<boolean> {
  const start = await readStart(folder)
  if (start !== undefined && (await isSameProcess(start.pid, start.started))) return false
  await rm(fileIn(folder), {force: true}).catch(() => undefined)
  try {
    await writeFile(fileIn(folder), `claim ${await textOf(process.pid, sleptSeconds)}`, {flag: 'wx', mode: 0o600})
    return true
  } catch (error) {
    // On a full disk there is nothing to go by.
    return systemCode(error) !== 'EEXIST'
  }
}

/** Ends the ssh that is about to become a master, and with it what it would listen on. */
export async function endStart(folder: string): Promise<void> {
  const start = await readStart(folder)
  if (start === undefined || start.isClaim || start.started === null) return
  if (!(await isSameProcess(start.pid, start.started))) return
  try {
    // It leads a group of its own.
    process.kill(-start.pid, 'SIGKILL')
  } catch {
    // It ended between the two moments.
  }
}

const textOf = async (pid: number, sleptSeconds: number): Promise<string> =>
  `${pid} ${sleptSeconds.toFixed(1)} ${(await processStart(pid)) ?? ''}\n`
