import {once} from 'node:events'
import {lstatSync} from 'node:fs'
import {readdir, rm} from 'node:fs/promises'
import {type AddressInfo, connect, createServer, type Socket} from 'node:net'
import {dirname, join} from 'node:path'
import {systemCode} from '../core/errors.ts'
import {isSameProcess} from '../core/process-identity.ts'
import {chooseControlPath} from '../openssh/choose-control-path.ts'

/** Where a connection goes into an ssh of ours: what ssh listens on. */
export type Entrance = {readonly path: string} | {readonly port: number}

/**
 * Entrances for an ssh that is about to start: sockets in a folder that is ours alone, else (Windows; no folder is short
 * enough) free ports on loopback. Others of this machine can connect to those, as they can to the forwarded port itself.
 */
export async function chooseEntrances(
  count: number,
  folders: readonly string[],
  key: string,
): Promise<readonly Entrance[]> {
  const {path} = await chooseControlPath(folders, key)
  if (path === undefined) return Promise.all(Array.from({length: count}, async () => ({port: await freePort()})))
  return Array.from({length: count}, (_, at) => ({path: `${path}.${process.pid}.${at}`}))
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, LOOPBACK)
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  server.close()
  return port
}

const LOOPBACK = '127.0.0.1'

/** What is to stand behind `-L` of ssh before the target. ssh expands `%` in a path and ends it at a colon. */
export const listenerText = (entrance: Entrance): string =>
  'port' in entrance
    ? `${LOOPBACK}:${entrance.port}`
    : entrance.path.replaceAll('%', '%%').replaceAll(':', String.raw`\:`)

/** Whether ssh has got so far that there is something to connect to; of a port nobody can tell without connecting. */
export const isThere = (entrance: Entrance): boolean =>
  'port' in entrance || lstatSync(entrance.path, {throwIfNoEntry: false}) !== undefined

/** Removes the sockets of an ssh that has ended; it leaves them behind. */
export async function removeEntrances(entrances: readonly Entrance[]): Promise<void> {
  for (const entrance of entrances)
    if ('path' in entrance) await rm(entrance.path, {force: true}).catch(() => undefined)
}

/** Removes the sockets beside an entrance that processes of ours have left which were killed. */
export async function removeDeadEntrances(entrance: Entrance | undefined): Promise<void> {
  if (entrance === undefined || 'port' in entrance) return
  const folder = dirname(entrance.path)
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid] = /^[0-9a-f]{16}\.(\d{1,10})\.\d{1,5}$/.exec(name) ?? []
    if (pid !== undefined && !(await isSameProcess(Number(pid), null)))
      await rm(join(folder, name), {force: true}).catch(() => undefined)
  }
}

/**
 * A connection into an ssh, each direction open until it is ended; undefined where nobody listens there. ssh says that it
 * was let in a moment before it listens.
 */
export async function enter(entrance: Entrance): Promise<Socket | undefined> {
  for (let triesLeft = 20; ; triesLeft -= 1) {
    const where = 'port' in entrance ? {...entrance, host: LOOPBACK, noDelay: true} : entrance
    const socket = connect({...where, allowHalfOpen: true})
    socket.pause()
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      socket.destroy()
      if (!['ENOENT', 'ECONNREFUSED'].includes(systemCode(error) ?? '')) throw error
      if (triesLeft === 0) return undefined
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}
