import {readFile, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {systemCode} from '../core/errors.ts'
import {isSameProcess} from '../core/process-identity.ts'

/** Longer than an ssh that starts a master lives: ConnectTimeout, and a gateway that is slow to let it in. */
const LONGEST_START_MS = 60_000

/** The last start of a master: the ssh that does it, which ends when the master is up, and how long the machine had slept by then. */
export interface MasterStart {
  readonly pid: number | undefined
  readonly sleptSeconds: number
}

const fileIn = (folder: string): string => join(folder, 'master')

/** Undefined where none was noted. */
export async function readStart(folder: string): Promise<MasterStart | undefined> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '')
  const [, pid, sleptSeconds] = /^(\d{1,10}) (-?\d{1,12}(?:\.\d+)?)\n$/.exec(text) ?? []
  return pid === undefined ? undefined : {pid: Number(pid), sleptSeconds: Number(sleptSeconds)}
}

/** Notes a start; where that can't be written, less is known later. */
export async function noteStart(folder: string, {pid = process.pid, sleptSeconds}: MasterStart): Promise<void> {
  await writeFile(fileIn(folder), textOf(pid, sleptSeconds), {mode: 0o600}).catch(() => undefined)
}

/** Whether it falls to us to start a master: false while another process is at it. */
export async function claimStart(folder: string, sleptSeconds: number): Promise<boolean> {
  if (await isStarting(folder)) return false
  await rm(fileIn(folder), {force: true}).catch(() => undefined)
  try {
    await writeFile(fileIn(folder), textOf(process.pid, sleptSeconds), {flag: 'wx', mode: 0o600})
    return true
  } catch (error) {
    // On a full disk there is nothing to go by.
    return systemCode(error) !== 'EEXIST'
  }
}

const isStarting = async (folder: string): Promise<boolean> => {
  const facts = await stat(fileIn(folder)).catch(() => undefined)
  if (facts === undefined || Date.now() - facts.mtimeMs > LONGEST_START_MS) return false
  const {pid} = (await readStart(folder)) ?? {}
  return pid === undefined || isSameProcess(pid, null)
}

const textOf = (pid: number, sleptSeconds: number): string => `${pid} ${sleptSeconds.toFixed(1)}\n`
