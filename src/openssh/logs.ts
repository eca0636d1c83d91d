import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {removeWhole} from '../core/files.ts'
import {isSameProcess} from '../core/process-identity.ts'
import {randomHex} from '../core/random-hex.ts'

/** A name for the words of one ssh, which tells whose it is. */
export const logFileIn = (folder: string): string => join(folder, `ssh.${process.pid}.${randomHex(4)}.log`)

/** Removes the words of ssh that processes of ours left which were killed. */
export async function removeLogsOfTheDead(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid] = /^ssh\.(\d{1,10})\.[0-9a-f]{8}\.log$/.exec(name) ?? []
    if (pid !== undefined && !(await isSameProcess(Number(pid), null))) await removeWhole(join(folder, name))
  }
}
