import type {IncomingHttpHeaders} from 'node:http'
import type {FastifyInstance, FastifyRequest} from 'fastify'
import type {StoredToken} from '../store/store.ts'
import type {ApiOptions} from './api-options.ts'
import {Refusal} from './refusal.ts'

/** The path that asks how the server is; asking it is no work. */
export const HEALTH_PATH = '/api/server'

const NOT_VALID = 'This token is not valid.'

/** Lets in who named us, is no web page, and has a token; puts the token on the request. Runs before every route. */
export function guard(app: FastifyInstance, {store, now, onActivity}: ApiOptions): void {
  app.decorateRequest('token', null)
  app.addHook('onRequest', async (request) => {
    refuseForeign(request.headers, request.socket.localPort)
    const secret = secretOf(request.headers.authorization)
    if (secret === undefined) throw new Refusal(401, 'This needs the header "Authorization: Token <token>".')
    const token = store.tokens.verify(secret, now())
    if (token === undefined) throw new Refusal(401, NOT_VALID)
    request.token = token
    if (request.routeOptions.url !== HEALTH_PATH) onActivity()
  })
}

/** The token of a request that the guard let in. Throws Refusal for any other. */
export function tokenOf({token}: FastifyRequest): StoredToken {
  if (token === null) throw new Refusal(401, NOT_VALID)
  return token
}

/** Throws Refusal where a request is not the owner's. */
export function refuseUnlessOwner(request: FastifyRequest): void {
  if (tokenOf(request).scope !== 'owner') throw new Refusal(403, 'Only the owner of this server may do this.')
}

/**
 * A name that an attacker's DNS points at this machine is not ours (DNS rebinding), and no web page has a reason to
 * call here. Throws Refusal 421 (RFC 9110 section 15.5.20) or 403.
 */
export function refuseForeign({host, origin}: IncomingHttpHeaders, port: number | undefined): void {
  const names = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`)
  if (host === undefined || !names.includes(host.toLowerCase())) throw new Refusal(421, 'This server has another name.')
  if (origin !== undefined) throw new Refusal(403, 'This server does not answer web pages.')
}

/** The secret of an Authorization header, whose scheme has no case (RFC 9110 section 11.1). */
export const secretOf = (authorization: string | undefined): string | undefined =>
  /^token +(rc_[A-Za-z0-9_-]{43})$/i.exec(authorization ?? '')?.[1]
