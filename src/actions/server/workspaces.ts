import {RuncodeError} from '../../core/errors.ts'
import type {Context} from '../context.ts'
import {askServer} from './local-server.ts'

/** A workspace as this machine's server tells it. */
export interface ServerWorkspace {
  readonly id: number
  readonly title: string
  readonly customTitle: string | null
  readonly state: string
  /** Its project directory on this machine. */
  readonly workdir: string
}

/** No workspace of the server has that title or id. */
export class NoServerWorkspaceError extends RuncodeError {
  constructor(name: string) {
    super(`The server of this machine has no workspace "${name}".`, {
      code: 'not_found',
      hint: 'See what there is: runcode server workspace list',
    })
  }
}

export async function listServerWorkspaces(context: Context): Promise<readonly ServerWorkspace[]> {
  const {workspaces} = await askServer(context, {method: 'GET', path: '/workspaces'})
  return (workspaces as readonly RawWorkspace[]).map(fromWire)
}

export async function createServerWorkspace(
  context: Context,
  {title, name}: {title: string; name: string | undefined},
): Promise<ServerWorkspace> {
  const body = name === undefined ? {title} : {title, custom_title: name}
  return fromWire((await askServer(context, {method: 'POST', path: '/workspaces', body})) as unknown as RawWorkspace)
}

/** Ends everything in it and deletes its files. Throws NoServerWorkspaceError. */
export async function deleteServerWorkspace(context: Context, name: string): Promise<ServerWorkspace> {
  const found = (await listServerWorkspaces(context)).find(({id, title}) => title === name || String(id) === name)
  if (found === undefined) throw new NoServerWorkspaceError(name)
  await askServer(context, {method: 'DELETE', path: `/workspaces/${found.id}`})
  return found
}

/** As the server of this very version sends it. */
interface RawWorkspace {
  readonly id: number
  readonly title: string
  readonly custom_title: string | null
  readonly interim_state: string
  readonly current_state: string
  readonly workdir: string
}

const fromWire = ({id, title, custom_title, interim_state, current_state, workdir}: RawWorkspace): ServerWorkspace => ({
  id,
  title,
  customTitle: custom_title,
  state: interim_state || current_state,
  workdir,
})
