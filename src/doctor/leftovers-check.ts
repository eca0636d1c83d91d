import {lstat, readdir} from 'node:fs/promises'
import {basename, join} from 'node:path'
import {deadlineIn} from '../core/deadline.ts'
import {folderFault, readIfThere, removeWhole} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import {parseLockHolder} from '../core/lock-holder.ts'
import {isSameProcess, pidSpace} from '../core/process-identity.ts'
import {removeControlSocket} from '../openssh/control-socket.ts'
import {askMaster} from '../openssh/mux.ts'
import type {Check, Finding, Fix, Patient} from './check.ts'

const MOST = 10_000
const SHOWN = 3
/** Nobody writes a file, or one ssh its log, for so long. */
const OLD_MS = 3_600_000
const LOCK_WAIT_MS = 2000

/** What processes of ours left that were killed. It does no harm, but for its room. */
export const leftoversCheck: Check = {
  name: 'leftovers',
  group: 'Folders',
  about: 'nothing is left of processes that were killed: half-written files, locks, logs, control sockets',
  fixes: 'removes them',
  examine: async (patient): Promise<Finding> => {
    const found = [...(await leftFiles(patient)), ...(await deadSockets(patient))]
    if (found.length === 0) return {status: 'ok', detail: 'none'}
    const names = found.slice(0, SHOWN).map(({detail}) => detail)
    const more = found.length > SHOWN ? `; and ${found.length - SHOWN} more` : ''
    return {
      status: 'warn',
      detail: `${names.join('; ')}${more}`,
      hint: 'Have them removed: runcode doctor --fix',
      fixes: found.map(({fix}) => fix),
    }
  },
}

interface Leftover {
  readonly detail: string
  readonly fix: Fix
}

const removal = (path: string, apply: () => Promise<void>): Fix => ({did: `Removed ${path}.`, apply})

const leftFiles = async ({folders, now}: Patient): Promise<readonly Leftover[]> => {
  const {config, state} = folders
  const below = await Promise.all(
    ['sessions', 'managed', 'attachments'].map(async (name) => namesIn(join(state, name), {recursive: true})),
  )
  const paths = [...(await namesIn(config)), ...(await namesIn(state)), ...below.flat()].slice(0, MOST)
  const found = await Promise.all(
    paths.map(async (path): Promise<Leftover | undefined> => {
      const name = basename(path)
      if (/^(?:lock|.+\.lock)$/.test(name)) return deadLock(path)
      const [, pid] = /^ssh\.(\d{1,10})\.[0-9a-f]{8}\.log$/.exec(name) ?? []
      const isHalf = /\.[0-9a-f]{12}\.tmp$/.test(name)
      if (!isHalf && pid === undefined) return undefined
      const stats = await lstat(path).catch(() => undefined)
      if (stats === undefined || now().getTime() - stats.mtimeMs < OLD_MS) return undefined
      if (pid !== undefined && (await isSameProcess(Number(pid), null))) return undefined
      const detail = `${path} was left ${isHalf ? 'half written' : 'by an ssh that is gone'}`
      return {detail, fix: removal(path, () => removeWhole(path))}
    }),
  )
  return found.filter((one) => one !== undefined)
}

/** Whoever takes it next removes it as well; this only does so now. */
const deadLock = async (path: string): Promise<Leftover | undefined> => {
  const holder = parseLockHolder((await readIfThere(path).catch(() => undefined)) ?? '')
  if (holder === undefined || holder.space !== (await pidSpace())) return undefined
  if (await isSameProcess(holder.pid, holder.started)) return undefined
  const take = () => withLock(path, deadlineIn(LOCK_WAIT_MS, new AbortController().signal), async () => undefined)
  return {detail: `${path} is held by process ${holder.pid}, which is gone`, fix: removal(path, take)}
}

const deadSockets = async ({folders}: Patient): Promise<readonly Leftover[]> => {
  const found: Leftover[] = []
  for (const folder of folders.sockets) {
    if ((await folderFault(folder).catch(() => 'is not there')) !== undefined) continue
    for (const path of await namesIn(folder)) {
      const isOurs = /^[0-9a-f]{16}$/.test(basename(path)) && (await lstat(path)).isSocket()
      if (!isOurs || (await askMaster(path, 'check')) !== 'no') continue
      found.push({detail: `nobody answers at ${path}`, fix: removal(path, () => removeControlSocket(path))})
    }
  }
  return found
}

const namesIn = async (folder: string, options: {recursive?: boolean} = {}): Promise<readonly string[]> =>
  (await readdir(folder, {...options, encoding: 'utf8'}).catch(() => [])).map((name) => join(folder, name))
