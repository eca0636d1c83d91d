import {lstat} from 'node:fs/promises'
import {removeWhole} from '../core/files.ts'
import {run} from '../core/process.ts'

/** Removes a folder of workspaces. Package managers leave folders in them that even their owner cannot empty (mode 0555). */
export async function removeTree(root: string, env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await removeWhole(root)
  } catch (error) {
    // chmod -R would follow a link in its place.
    if (!(await lstat(root)).isDirectory()) throw error
    await run('chmod', ['-R', 'u+rwX', root], {env})
    await removeWhole(root)
  }
}
