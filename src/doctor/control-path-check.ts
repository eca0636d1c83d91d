import {chooseControlPath} from '../openssh/choose-control-path.ts'
import type {Check} from './check.ts'

/** There is a folder for control sockets that is ours and short enough; without one every command connects anew. */
export const controlPathCheck: Check = {
  name: 'control-path',
  group: 'SSH',
  about: 'there is a folder for control sockets that is ours and whose path is short enough',
  examine: async ({folders}) => {
    const choice = await chooseControlPath(folders.sockets, 'doctor')
    if (choice.path !== undefined)
      return {status: 'ok', detail: `${choice.path} (${Buffer.byteLength(choice.path)} bytes)`}
    return {
      status: 'warn',
      detail: `no connection can be shared: ${choice.why}`,
      hint: 'Set XDG_RUNTIME_DIR to a short private folder.',
    }
  },
}
