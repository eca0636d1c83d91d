import {createHash} from 'node:crypto'
import type {FastifyInstance} from 'fastify'
import {printable} from '../../core/printable.ts'
import {MAX_KEYS_PER_TOKEN} from '../limits.ts'
import {isRunning} from '../power-rules.ts'
import type {ApiOptions} from './api-options.ts'
import {expiryOf, renderBundle} from './bundle.ts'
import {tokenOf} from './guard.ts'
import {knownWorkspace, WORKSPACE_ID_SCHEMA} from './known-workspace.ts'
import {parsePublicKey} from './public-key.ts'
import {Refusal} from './refusal.ts'

interface Mint {
  readonly Params: {readonly id: string}
  readonly Body: {readonly public_key: string; readonly ttl?: number; readonly client?: string}
}

/** Registers a public key for one workspace and tells how to connect with it. */
export function sshSessionRoute(app: FastifyInstance, {store, runtime, gateway, now}: ApiOptions): void {
  app.post<Mint>('/workspace/:id/ssh-session', {schema: MINT}, async (request) => {
    const {params, body} = request
    const {id: tokenId} = tokenOf(request)
    const workspace = knownWorkspace(store, params.id)
    const publicKey = parsePublicKey(body.public_key)
    if (publicKey === undefined) throw new Refusal(400, 'The public_key is not one line of an OpenSSH public key.')
    const {id, title} = workspace
    if (!isRunning(workspace)) throw new Refusal(409, `Workspace ${title} is not running; start it first.`)
    const moment = now()
    const theirs = store.keys.valid(id, moment).filter((key) => key.tokenId === tokenId)
    if (theirs.length >= MAX_KEYS_PER_TOKEN && !theirs.some((key) => key.publicKey === publicKey))
      throw new Refusal(429, `Too many keys of this token open workspace ${title}; they end within half an hour.`)
    const expiresAt = expiryOf(body.ttl, moment)
    store.keys.register({workspaceId: id, tokenId, publicKey, expiresAt})
    const facts = {
      workspace_id: id,
      token_id: tokenId,
      key: fingerprintOf(publicKey),
      client: printable(body.client ?? '').slice(0, 64),
      expires_at: expiresAt.toISOString(),
    }
    store.audit.record('key_registered', facts, moment)
    return {error: false, bundle: renderBundle({gateway, title, workdir: runtime.workdir({id, title}), expiresAt})}
  })
}

const MINT = {
  params: {type: 'object', properties: {id: WORKSPACE_ID_SCHEMA}},
  body: {
    type: 'object',
    required: ['public_key'],
    properties: {
      public_key: {type: 'string', maxLength: 8192},
      ttl: {type: 'integer', minimum: 1},
      client: {type: 'string'},
    },
  },
} as const

/** As `ssh-keygen -lf` shows it. */
const fingerprintOf = (publicKey: string): string => {
  const blob = Buffer.from(publicKey.slice(publicKey.indexOf(' ') + 1), 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}
