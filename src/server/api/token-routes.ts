import type {FastifyInstance} from 'fastify'
import type {StoredToken} from '../store/store.ts'
import type {ApiOptions} from './api-options.ts'
import {ID_SCHEMA} from './known-workspace.ts'
import {Refusal} from './refusal.ts'

/** Tokens for others: they may use the workspaces, and manage nothing. */
export function tokenRoutes(app: FastifyInstance, {store, disconnectToken, now}: ApiOptions): void {
  app.get('/tokens', async () => ({tokens: store.tokens.list().map(shown)}))
  app.post<{Body: {name: string}}>('/tokens', {schema: CREATION}, async ({body}, reply) => {
    const {token, secret} = store.tokens.create({name: body.name, scope: 'user'}, now())
    store.audit.record('token_created', {token_id: token.id, name: token.name}, now())
    return reply.code(201).send({...shown(token), token: secret})
  })
  app.delete<{Params: {id: string}}>('/tokens/:id', {schema: BY_ID}, async ({params, token}) => {
    const id = Number(params.id)
    if (id === token?.id) throw new Refusal(409, 'A token cannot revoke itself.')
    if (!store.tokens.revoke(id)) throw new Refusal(404, `There is no token ${params.id}.`)
    disconnectToken(id)
    store.audit.record('token_revoked', {token_id: id}, now())
    return {error: false, message: `Token ${params.id} is revoked.`}
  })
}

const CREATION = {
  body: {
    type: 'object',
    required: ['name'],
    properties: {name: {type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$'}},
  },
} as const

const BY_ID = {params: {type: 'object', properties: {id: ID_SCHEMA}}} as const

const shown = ({id, name, scope, createdAt, lastUsedAt}: StoredToken) => ({
  id,
  name,
  scope,
  created_at: createdAt.toISOString(),
  last_used_at: lastUsedAt?.toISOString() ?? null,
})
