import {appendFileSync} from 'node:fs'
import {readdir, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {makePrivateFolder} from '../core/files.ts'
import {printable} from '../core/printable.ts'
import {managedState} from '../session/managed-host.ts'
import type {Context} from './context.ts'

/** So many connections are remembered. */
const KEPT = 20

/**
 * A log of one connection to a managed host, `<state>/managed/logs/<moment>-<pid>.log`. Gives what adds a line. Where it
 * can't be written there is none: it must not cost anybody the connection.
 */
export async function openProxyLog({folders, now}: Context): Promise<(line: string) => void> {
  const folder = join(managedState(folders.state), 'logs')
  const began = now().date.toISOString()
  const path = join(folder, `${began.replaceAll(':', '-')}-${process.pid}.log`)
  const say = (line: string): void => {
    try {
      appendFileSync(path, `${now().date.toISOString()} ${printable(line)}\n`, {mode: 0o600})
    } catch {
      // See above.
    }
  }
  try {
    await makePrivateFolder(folder)
    const logs = (await readdir(folder)).filter((name) => /^[\dTZ.-]+\.log$/.test(name)).toSorted()
    for (const name of logs.slice(0, -KEPT)) await rm(join(folder, name), {force: true})
  } catch {
    return () => undefined
  }
  return say
}
