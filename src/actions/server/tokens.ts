import type {Context} from '../context.ts'
import {askServer} from './local-server.ts'

/** A token of this machine's server, without its secret. */
export interface ServerToken {
  readonly id: number
  readonly name: string
  readonly scope: 'owner' | 'user'
  readonly createdAt: Date
  readonly lastUsedAt: Date | undefined
}

export async function listServerTokens(context: Context): Promise<readonly ServerToken[]> {
  const {tokens} = await askServer(context, {method: 'GET', path: '/tokens'})
  return (tokens as readonly RawToken[]).map(fromWire)
}

/** A token that may use workspaces and manage nothing. Its secret is told here and never again. */
export async function createServerToken(context: Context, name: string): Promise<{token: ServerToken; secret: string}> {
  const raw = (await askServer(context, {method: 'POST', path: '/tokens', body: {name}})) as unknown as RawToken & {
    readonly token: string
  }
  return {token: fromWire(raw), secret: raw.token}
}

export async function revokeServerToken(context: Context, id: number): Promise<void> {
  await askServer(context, {method: 'DELETE', path: `/tokens/${id}`})
}

/** As the server of this very version sends it. */
interface RawToken {
  readonly id: number
  readonly name: string
  readonly scope: 'owner' | 'user'
  readonly created_at: string
  readonly last_used_at: string | null
}

const fromWire = ({id, name, scope, created_at, last_used_at}: RawToken): ServerToken => ({
  id,
  name,
  scope,
  createdAt: new Date(created_at),
  lastUsedAt: last_used_at === null ? undefined : new Date(last_used_at),
})
