import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {isAnotherUsers} from '../../../core/socket-owner.ts'
import type {WebPage} from '../../../core/web-page.ts'
import {cookieName, LOGIN_SECONDS, type Login, type Logins} from '../../logins.ts'
import type {Store} from '../../store/store.ts'
import {Refusal} from '../refusal.ts'
import {consentPage, overPage} from './login-texts.ts'

export interface PageOptions {
  readonly store: Pick<Store, 'tokens' | 'audit'>
  readonly logins: Logins
  /** `user@host`, for whoever reads the page. */
  readonly owner: string
  readonly now: () => Date
}

/** Where RunCode's clients send a browser. */
const PATH = '/auth/cli-login/'
const INCOMPLETE = 'This address is not whole. Start the login again, and open the address as it is printed.'

/** The page that asks its reader whether a client may have a token, and what it answers. */
export function loginPage(app: FastifyInstance, options: PageOptions): void {
  const {logins, owner} = options
  app.addContentTypeParser('application/x-www-form-urlencoded', {parseAs: 'string'}, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  app.get<{Querystring: Words}>(PATH, async ({query, headers}, reply) => {
    const asked = {...parseQuery(query), cookies: headers.cookie ?? ''}
    const login = logins.open(asked)
    if (login === undefined) return show(reply, 410, overPage())
    const cookie = `${cookieName(login)}=${login.cookie}; Path=${PATH}; Max-Age=${LOGIN_SECONDS}; HttpOnly; SameSite=Strict`
    return show(reply.header('set-cookie', cookie), 200, consentPage(login, {owner, isEarly: false}))
  })
  app.post<{Body: Words}>(PATH, async (request, reply) => {
    await refuseOthers(request)
    const {id = '', form_secret: formSecret = '', answer} = request.body ?? {}
    const login = logins.ofForm({id, formSecret, cookies: request.headers.cookie ?? ''})
    if (login === undefined) return show(reply, 410, overPage())
    if (answer !== 'approve' && answer !== 'deny') throw new Refusal(400, INCOMPLETE)
    if (answer === 'approve' && !login.isOurs) return show(reply, 200, consentPage(login, {owner, isEarly: true}))
    const isStrangers = await isAnotherUsers({port: login.callbackPort, peerPort: undefined})
    logins.end(login.id)
    if (isStrangers) throw new Refusal(403, 'What waits for this login is a program of another user. It gets nothing.')
    const location = answer === 'approve' ? approved(login, options) : denied(login, options)
    return reply.header('cache-control', 'no-store').redirect(location, 303)
  })
}

type Words = Readonly<Partial<Record<string, string>>>

const show = (reply: FastifyReply, status: number, {headers, text}: WebPage): FastifyReply =>
  reply.code(status).headers(headers).send(text)

/** Ports below 1024 are not for programs of users (IANA, RFC 6335), and lead to services that are none of ours. */
const parseQuery = ({
  port,
  state,
  ticket,
}: Words): {callbackPort: number; state: string; ticket: string | undefined} => {
  const callbackPort = typeof port === 'string' && /^\d{4,5}$/.test(port) ? Number(port) : 0
  const isWhole =
    callbackPort >= 1024 &&
    callbackPort <= 65_535 &&
    typeof state === 'string' &&
    /^[\w.~-]{16,256}$/.test(state) &&
    (ticket === undefined || typeof ticket === 'string')
  if (!isWhole) throw new Refusal(400, INCOMPLETE)
  return {callbackPort, state, ticket}
}

/** Only our own page sends forms here, in a browser of this user. */
const refuseOthers = async ({headers, socket}: FastifyRequest): Promise<void> => {
  if (headers.origin !== `http://localhost:${socket.localPort}`)
    throw new Refusal(403, 'This came from another page than ours.')
  const {remotePort, localPort} = socket
  if (remotePort !== undefined && (await isAnotherUsers({port: remotePort, peerPort: localPort})))
    throw new Refusal(403, 'This came from another user of this machine.')
}

const approved = (login: Login, {store, owner, now}: PageOptions): string => {
  const {token, secret} = store.tokens.create({name: 'browser login', scope: 'user'}, now())
  const by = login.code === undefined ? 'ticket' : 'code'
  store.audit.record('login_approved', {token_id: token.id, by, callback_port: login.callbackPort}, now())
  return callback(login, {token: secret, email: owner})
}

const denied = (login: Login, {store, now}: PageOptions): string => {
  store.audit.record('login_denied', {callback_port: login.callbackPort}, now())
  return callback(login, {error: 'access_denied'})
}

const callback = ({callbackPort, state = ''}: Login, words: Readonly<Record<string, string>>): string =>
  `http://127.0.0.1:${callbackPort}/callback?${new URLSearchParams({state, ...words})}`
