import {openSync, readdirSync, rmSync, writeSync} from 'node:fs'
import {join} from 'node:path'
import {lstatIfThere, makePrivateFolder, refuseUnsafeFolders} from '../core/files.ts'
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
  const stamp = (): string => now().date.toISOString()
  try {
    if ((await lstatIfThere(folder)) === undefined) await makePrivateFolder(folder)
    await refuseUnsafeFolders(folder)
    const logs = readdirSync(folder).filter((name) => /^[\dTZ.-]+\.log$/.test(name))
    for (const name of logs.toSorted().slice(0, -KEPT)) rmSync(join(folder, name), {force: true})
    const file = openSync(join(folder, `${stamp().replaceAll(':', '-')}-${process.pid}.log`), 'a', 0o600)
    return (line) => {
      try {
        writeSync(file, `${stamp()} ${printable(line)}\n`)
      } catch {
        // See above.
      }
    }
  } catch {
    return () => undefined
  }
}
