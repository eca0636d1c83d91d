import type {FastifyInstance} from 'fastify'
import type {ApiOptions} from './api-options.ts'
import {Refusal} from './refusal.ts'

/** The owner's side of a login in the browser. */
export function loginRoutes(app: FastifyInstance, {logins, webBase, store, now}: ApiOptions): void {
  app.post<{Body: {callback_port: number}}>('/logins', {schema: TICKET}, async ({body}, reply) =>
    reply.code(201).send({ticket: logins.issueTicket(body.callback_port), web_base: webBase}),
  )
  app.post<{Body: {code: string}}>('/logins/confirm', {schema: CODE}, async ({body}) => {
    if (!/^[0-9]{6}$/.test(body.code)) throw new Refusal(400, 'A code is six digits.')
    const outcome = logins.confirm(body.code)
    if (outcome === 'confirmed') return {error: false, message: 'The login is confirmed.'}
    store.audit.record('login_code_wrong', {tries_left: outcome.triesLeft}, now())
    throw outcome.triesLeft === 0
      ? new Refusal(429, 'Too many wrong codes: every login that waited for one is over.')
      : new Refusal(404, 'No login waits with this code.')
  })
}

const TICKET = {
  body: {
    type: 'object',
    required: ['callback_port'],
    properties: {callback_port: {type: 'integer', minimum: 1024, maximum: 65_535}},
  },
} as const

const CODE = {
  body: {type: 'object', required: ['code'], properties: {code: {type: 'string', maxLength: 100}}},
} as const
