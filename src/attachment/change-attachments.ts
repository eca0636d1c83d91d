import {deadlineIn} from '../core/deadline.ts'
import {makePrivateFolder, removeEmptyFolders, removeHalfWritten, removeWhole, writeWhole} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import {type Attachment, attachmentsFolder, fileOf} from './attachment.ts'

const LOCK_WAIT_MS = 5000

export const writeAttachment = (state: string, attachment: Attachment): Promise<void> =>
  change(state, () => writeWhole(fileOf(state, attachment.tree), `${JSON.stringify(attachment, undefined, 2)}\n`))

export const removeAttachment = (state: string, {tree}: Attachment): Promise<void> =>
  change(state, () => removeWhole(fileOf(state, tree)))

/** The lock lies beside the folder, which goes with the last attachment. */
const change = async (state: string, work: () => Promise<void>): Promise<void> => {
  const folder = attachmentsFolder(state)
  await makePrivateFolder(state)
  await withLock(`${folder}.lock`, deadlineIn(LOCK_WAIT_MS, new AbortController().signal), async () => {
    await makePrivateFolder(folder)
    await removeHalfWritten(folder, /^/)
    await work()
    await removeEmptyFolders(folder, state)
  })
}
