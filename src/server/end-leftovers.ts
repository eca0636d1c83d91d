import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {endMarkedProcesses} from './runtime/process-runtime/end-marked-processes.ts'
import {serverFolder} from './server-folder.ts'

/** Ends what the workspaces of a server that was killed left running. Throws StillRunningError. */
export async function endLeftovers(root: string): Promise<void> {
  const {workspaces} = serverFolder(root)
  const titles = await readdir(workspaces).catch(() => [])
  await Promise.all(titles.map((title) => endMarkedProcesses(join(workspaces, title))))
}
