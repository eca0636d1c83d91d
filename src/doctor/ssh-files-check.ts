import {stat} from 'node:fs/promises'
import {basename, dirname} from 'node:path'
import {systemCode} from '../core/errors.ts'
import {folderFault} from '../core/files.ts'
import {optionIn, type ParsedEntry} from '../user-ssh-config/parse-block.ts'
import type {Check, Finding} from './check.ts'
import {type FoundEntries, withEntries} from './entries.ts'

const SHOWN = 5

/** Owners and modes of all that ssh opens on the way to a host of ours. */
export const sshFilesCheck: Check = {
  name: 'ssh-files',
  group: 'Hosts of config-ssh',
  about: 'owners and modes of all that ssh opens on the way to a host of ours',
  examine: (patient) =>
    withEntries(patient, async (found) => {
      if (process.platform === 'win32') return {status: 'skip', detail: 'modes mean nothing on this system'}
      const looked = await Promise.all([...rulesFor(found).map(broken), ...foldersOf(found).map(openFolder)])
      const faults = looked.filter((one) => one !== undefined)
      const worst = faults.find(({status}) => status === 'fail') ?? faults[0]
      if (worst === undefined) return {status: 'ok', detail: 'owners and modes are as they must be'}
      const details = [...new Set(faults.map(({detail}) => detail))].slice(0, SHOWN)
      return {...worst, detail: details.join('; ')}
    }),
}

/** What must not be in the mode of a file, and what is to be done about it. */
interface Rule {
  readonly path: string
  readonly mask: number
  readonly status: 'warn' | 'fail'
  readonly fault: string
  readonly cure: string
}

const rulesFor = ({file, path, included, entries}: FoundEntries): readonly Rule[] => [
  // ssh_config(5), FILES: ssh refuses one that others can write; some systems let the group of the user's name.
  ...[file.path, ...(included.text === undefined ? [] : [included.path])].flatMap((config): readonly Rule[] => [
    {path: config, mask: 0o002, status: 'fail', fault: 'can be written by others', cure: 'ssh refuses it: chmod go-w'},
    {
      path: config,
      mask: 0o020,
      status: 'warn',
      fault: 'can be written by a group',
      cure: 'ssh may refuse it: chmod go-w',
    },
  ]),
  // ssh does not look at it, but who can write there can replace what is in it.
  {
    path: dirname(path),
    mask: 0o022,
    status: 'warn',
    fault: 'can be written by others',
    cure: 'Keep others out: chmod go-w',
  },
  ...entries.flatMap(({lines}): readonly Rule[] => [
    // sshkey_perm_ok() of OpenSSH. One that is not there is made by the next connection, as is the file of pins.
    {
      path: pathIn(lines, 'IdentityFile'),
      mask: 0o077,
      status: 'fail',
      fault: 'is open to others',
      cure: 'ssh does not use it. Have another made: rm',
    },
    {
      path: pathIn(lines, 'UserKnownHostsFile'),
      mask: 0o022,
      status: 'fail',
      fault: 'can be written by others',
      cure: 'They could vouch for another gateway. Have it made anew: rm',
    },
  ]),
]

const broken = async ({path, mask, status, fault, cure}: Rule): Promise<Finding | undefined> => {
  const stats = await stat(path).catch(unlessAbsent)
  if (stats === undefined) return undefined
  if (stats.uid !== 0 && stats.uid !== process.getuid?.())
    return {
      status: 'fail',
      detail: `${path} belongs to another user`,
      hint: `It must be yours: chown "$USER" ${inShell(path)}`,
    }
  return (stats.mode & mask) === 0 ? undefined : {status, detail: `${path} ${fault}`, hint: `${cure} ${inShell(path)}`}
}

const openFolder = async (path: string): Promise<Finding | undefined> => {
  const fault = await folderFault(path).catch(unlessAbsent)
  const hint = `It must be yours, mode 0700, and no link: chmod 700 ${inShell(path)}`
  return fault === undefined ? undefined : {status: 'fail', detail: `${path} ${fault}`, hint}
}

/** `managed/sessions/<account>/<id>` of our state folder, which has a check of its own. */
const foldersOf = ({entries}: FoundEntries): readonly string[] => {
  const all = entries.flatMap(({lines}) => {
    const folder = dirname(pathIn(lines, 'IdentityFile'))
    const above = [folder, dirname(folder), dirname(dirname(folder)), dirname(dirname(dirname(folder)))]
    return basename(above[3] ?? '') === 'managed' ? above.toReversed() : [folder]
  })
  return [...new Set(all)]
}

const pathIn = (lines: ParsedEntry['lines'], keyword: string): string =>
  (optionIn(lines, keyword) ?? '').replaceAll('"', '').replaceAll('%%', '%')

const inShell = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

const unlessAbsent = (error: unknown): undefined => {
  if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw error
  return undefined
}
