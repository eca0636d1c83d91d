import type {GatewayOptions} from './gateway/gateway.ts'
import {isRunning} from './power-rules.ts'
import type {Store} from './store/store.ts'

/** Who may enter through the gateway: the holders of a valid key of a running workspace, by its title. */
export const admitTo =
  (store: Store, now: () => Date): GatewayOptions['admit'] =>
  (user) => {
    const workspace = store.workspaces.byTitle(user)
    if (workspace === undefined || !isRunning(workspace)) return undefined
    const {id, title} = workspace
    return {workspace: {id, title}, keys: store.keys.valid(id, now())}
  }
