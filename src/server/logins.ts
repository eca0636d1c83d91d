import {createHash, randomBytes, randomInt, timingSafeEqual} from 'node:crypto'
import {MAX_WAITING_LOGINS, MAX_WRONG_CODES} from './limits.ts'

/** A client that waits for its token: who opens the page in a browser may be anybody on this machine. */
export interface Login {
  readonly id: string
  /** Where the client listens, on 127.0.0.1. */
  readonly callbackPort: number
  /** The client's own word, by which it knows its login again; undefined until the page was opened. */
  readonly state: string | undefined
  /** What the owner confirms in a terminal; undefined where the client came with a ticket. */
  readonly code: string | undefined
  /** In the form of the page, and in the cookie beside it. */
  readonly formSecret: string
  readonly cookie: string
  /** The owner has confirmed it, or our own client got its ticket by the owner's token. */
  readonly isOurs: boolean
}

/** The logins that wait, in memory: none is older than five minutes, and none outlives the server. */
export interface Logins {
  /** For our own client, which has shown the owner's token: a word that is worth one answer on the page. */
  issueTicket(callbackPort: number): string
  /** The login that a page was opened for. With a ticket: undefined where it is not worth anything for this port and state. */
  open(asked: {callbackPort: number; state: string; ticket: string | undefined; cookies: string}): Login | undefined
  /** Confirms the login that shows this code; gives how many wrong codes may follow where none does. */
  confirm(code: string): 'confirmed' | {readonly triesLeft: number}
  /** The login of a form that was sent with its cookie; undefined where it is over, or never was. */
  ofForm(form: {id: string; formSecret: string; cookies: string}): Login | undefined
  /** Answered: nobody can answer it again. */
  end(id: string): void
}

export const LOGIN_SECONDS = 300

interface Waiting extends Login {
  readonly ticketHash: string | undefined
  readonly endsMs: number
}

export function createLogins(now: () => Date): Logins {
  const waiting = new Map<string, Waiting>()
  let wrongCodes = 0
  const forget = (isToGo: (login: Waiting) => boolean): void => {
    for (const [id, login] of waiting) if (isToGo(login)) waiting.delete(id)
  }
  const living = (): readonly Waiting[] => {
    const nowMs = now().getTime()
    forget(({endsMs}) => endsMs <= nowMs)
    return [...waiting.values()]
  }
  const add = (login: Pick<Waiting, 'callbackPort' | 'state' | 'code' | 'ticketHash' | 'isOurs'>): Login => {
    // One more takes the place of the oldest of its kind: strangers can't push out what the owner has begun, or confirmed.
    const [oldest, ...rest] = living().filter(({isOurs}) => isOurs === login.isOurs)
    if (oldest !== undefined && rest.length + 1 >= MAX_WAITING_LOGINS) waiting.delete(oldest.id)
    const endsMs = now().getTime() + LOGIN_SECONDS * 1000
    const added = {...login, id: word(12), formSecret: word(24), cookie: word(24), endsMs}
    waiting.set(added.id, added)
    return added
  }
  const update = (login: Waiting, change: Partial<Waiting>): Login => {
    const updated = {...login, ...change}
    waiting.set(login.id, updated)
    return updated
  }
  return {
    issueTicket(callbackPort) {
      const ticket = word(32)
      add({callbackPort, state: undefined, code: undefined, ticketHash: sha256(ticket), isOurs: true})
      return ticket
    },
    open({callbackPort, state, ticket, cookies}) {
      const isSame = (login: Waiting): boolean =>
        login.callbackPort === callbackPort && (login.state ?? state) === state
      if (ticket !== undefined) {
        const found = living().find(({ticketHash}) => ticketHash === sha256(ticket))
        return found !== undefined && isSame(found) ? update(found, {state}) : undefined
      }
      const seen = living().find((login) => login.code !== undefined && isSame(login) && hasCookie(login, cookies))
      if (seen !== undefined) return seen
      const codes = new Set(living().map(({code}) => code))
      let code = newCode()
      while (codes.has(code)) code = newCode()
      return add({callbackPort, state, code, ticketHash: undefined, isOurs: false})
    },
    confirm(code) {
      const found = living().find((login) => login.code === code && !login.isOurs)
      if (found !== undefined) {
        wrongCodes = 0
        update(found, {isOurs: true})
        return 'confirmed'
      }
      wrongCodes += 1
      if (wrongCodes < MAX_WRONG_CODES) return {triesLeft: MAX_WRONG_CODES - wrongCodes}
      wrongCodes = 0
      forget((login) => login.code !== undefined && !login.isOurs)
      return {triesLeft: 0}
    },
    ofForm({id, formSecret, cookies}) {
      const found = living().find((login) => login.id === id)
      return found !== undefined && isEqual(found.formSecret, formSecret) && hasCookie(found, cookies)
        ? found
        : undefined
    },
    end: (id) => void waiting.delete(id),
  }
}

/** A cookie of its own for each login: two tabs do not take each other's away. */
export const cookieName = ({id}: Pick<Login, 'id'>): string => `runcode_login_${id}`

const hasCookie = (login: Login, cookies: string): boolean =>
  cookies.split(/; */).some((pair) => isEqual(pair, `${cookieName(login)}=${login.cookie}`))

const word = (sizeBytes: number): string => randomBytes(sizeBytes).toString('base64url')
const newCode = (): string => String(randomInt(1_000_000)).padStart(6, '0')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const isEqual = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(sha256(a), 'hex'), Buffer.from(sha256(b), 'hex'))
