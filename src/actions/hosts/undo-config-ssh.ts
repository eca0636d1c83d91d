import {deadlineIn} from '../../core/deadline.ts'
import {removeWhole} from '../../core/files.ts'
import {removeManagedHost} from '../../session/managed-session.ts'
import {readBackup} from '../../user-ssh-config/backups.ts'
import {includedFile} from '../../user-ssh-config/config-file.ts'
import {backupsOf, changeFile, withLockedFile} from '../../user-ssh-config/locked-file.ts'
import {diffOf} from '../../user-ssh-config/plan-change.ts'
import {readConfig} from '../../user-ssh-config/read-config.ts'
import type {Context} from '../context.ts'
import {placeOf} from './write-entries.ts'

const LIMIT_MS = 30_000

export interface UndoInput {
  readonly file: string | undefined
  readonly isDryRun: boolean
}

export interface Undone {
  /** Behind all links. */
  readonly file: string
  readonly isChanged: boolean
  /** The hosts that went. */
  readonly removed: readonly string[]
  /** The copy of the file as it was; undefined where none was made. */
  readonly backup: string | undefined
  /** The copy that was put back. */
  readonly restored: string | undefined
  readonly diff: string
}

/** Gives the user's file back as it was before we came. `adopt`: whoever wrote the block. */
export function removeHosts(context: Context, {file, isDryRun, adopt}: UndoInput & {adopt: boolean}): Promise<Undone> {
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const included = includedFile(context.folders.config)
  return withLockedFile(placeOf(context, file), deadline, async (locked) => {
    const current = await readConfig(locked.file, {home: context.home, included, include: false, adopt})
    const {rest, parsed, entries, isIncluding} = current
    const before = locked.file.text
    const text = before === undefined || (rest === '' && parsed?.isNewFile === true) ? undefined : rest
    const isChanged = text !== before
    const change = {text, now: context.now().date, paste: undefined}
    const backup = isChanged && !isDryRun ? await changeFile(locked, change) : undefined
    if (isIncluding && !isDryRun) await removeWhole(included)
    if (current.isIncludedByHand) context.warn(`The line that includes ${included} is yours to take out.`)
    if (!isDryRun) for (const entry of entries) await removeManagedHost(context.folders.state, entry, deadline)
    const {path} = locked.file
    const removed = entries.map(({alias}) => alias)
    return {file: path, isChanged, removed, backup, restored: undefined, diff: diffOf(path, before, text)}
  })
}

/**
 * Puts a copy back that was kept of the file: the newest, or the newest whose name begins with `which`. What is there now
 * is kept as a copy itself. Throws NoBackupError.
 */
export function restoreConfig(
  context: Context,
  {file, isDryRun, which}: UndoInput & {which: string | undefined},
): Promise<Undone> {
  return withLockedFile(placeOf(context, file), deadlineIn(LIMIT_MS, context.interrupted), async (locked) => {
    const {path, text: before} = locked.file
    const included = includedFile(context.folders.config)
    const {name, text} = await readBackup(backupsOf(locked.folder), which, path)
    const isChanged = text !== before
    const change = {text, now: context.now().date, paste: undefined}
    const backup = isChanged && !isDryRun ? await changeFile(locked, change) : undefined
    const options = {home: context.home, included, include: false, adopt: true}
    const restored = await readConfig({...locked.file, text}, options).catch(() => undefined)
    if (restored?.isIncluding === true && restored.included.text === undefined)
      context.warn(`It includes ${included}, which is not there any more. Write the entries again: runcode config-ssh`)
    return {file: path, isChanged, removed: [], backup, restored: name, diff: diffOf(path, before, text)}
  })
}
