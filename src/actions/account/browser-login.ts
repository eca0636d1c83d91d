import {deadlineIn, pause} from '../../core/deadline.ts'
import {formatDuration} from '../../core/duration.ts'
import {messageOf, RuncodeError} from '../../core/errors.ts'
import {removeWhole} from '../../core/files.ts'
import {InterruptedError, throwIfInterrupted} from '../../core/interrupted.ts'
import {isSecret} from '../../credentials/parse-secret.ts'
import {type Callback, type CallbackAnswer, listenForCallback} from '../../login/callback.ts'
import {writeRedirect} from '../../login/redirect-file.ts'
import {surroundingsHere, wayToBrowser} from '../../login/surroundings.ts'
import {isLoopback, parseWebBase} from '../../network/https-url.ts'
import type {Account} from '../../profile/account.ts'
import {FROM_ENVIRONMENT} from '../../profile/profile.ts'
import type {Context} from '../context.ts'
import {askServer, findServer} from '../server/local-server.ts'
import type {GivenToken} from './login.ts'

/** Nobody came back from the page, and nobody pasted a token. */
export class LoginTimedOutError extends RuncodeError {
  constructor(limitSeconds: number, account: string) {
    super(`No login came back from the browser within ${formatDuration(limitSeconds)}.`, {
      code: 'login_timed_out',
      hint: `Try again, or paste a token: runcode login --paste${flagFor(account)}`,
      facts: {profile: account},
    })
  }
}

/** Whoever sat in front of the page said no. */
export class LoginDeniedError extends RuncodeError {
  constructor(account: string) {
    super('The login was denied in the browser. Nothing was changed.', {
      code: 'login_denied',
      hint: `If that was a mistake: runcode login${flagFor(account)}`,
      facts: {profile: account},
    })
  }
}

/** The profile knows no pages, and there is nobody to ask for a token. */
export class NoLoginPageError extends RuncodeError {
  constructor(account: string) {
    super(`The address of the login page of the profile "${account}" is not known.`, {
      code: 'usage',
      hint: `Say it (${account === FROM_ENVIRONMENT ? 'RUNCODE_WEB_BASE' : `runcode profile set ${account} --web-base <url>`}), or give a token: runcode login --with-token${flagFor(account)}`,
      facts: {profile: account},
    })
  }
}

/** No port can be listened on, as in some sandboxes, and there is nobody to ask for a token. */
export class NoWayBackError extends RuncodeError {
  constructor(account: string, cause: unknown) {
    super(`No browser can come back to this program: ${messageOf(cause)}`, {
      code: 'usage',
      hint: `Give a token: runcode login --with-token${flagFor(account)}`,
      facts: {profile: account},
      cause,
    })
  }
}

/** How an account is named again; that of the environment is not. */
const flagFor = (account: string): string => (account === FROM_ENVIRONMENT ? '' : ` --profile ${account}`)

/** What a login in the browser needs of whoever sits in front of it. */
export interface BrowserMeans {
  readonly limitSeconds: number
  /** Opens a file in the browser of this machine; undefined where none is wanted. */
  readonly open: ((path: string) => Promise<void>) | undefined
  /** Asks for a token at the same time; undefined where there is nobody to ask. */
  readonly ask: ((question: string, signal: AbortSignal) => Promise<string>) | undefined
  /** Shows one line at once. */
  readonly tell: (line: string) => void
}

/** A token from the login page of an account, or pasted: whichever comes first. */
export async function browserToken(context: Context, account: Account, means: BrowserMeans): Promise<GivenToken> {
  const callback = await listenForCallback().catch((error: unknown) => {
    if (means.ask === undefined) throw new NoWayBackError(account.name, error)
    means.tell(`No browser can come back here (${messageOf(error)}); a token can be pasted.`)
    return undefined
  })
  if (callback === undefined)
    return {secret: (await means.ask?.('Token: ', context.interrupted)) ?? '', email: undefined}
  const ended = new AbortController()
  const end = (): void => ended.abort()
  context.interrupted.addEventListener('abort', end, {once: true})
  let redirect: string | undefined
  try {
    const page = await pageFor(context, account, callback)
    if (page === undefined && means.ask === undefined) throw new NoLoginPageError(account.name)
    if (page === undefined) means.tell(`The login page of ${account.apiBase} is not known; its token can be pasted.`)
    else redirect = await showPage(context, page, callback, means)
    const answer = await Promise.race([
      callback.answer,
      ...(means.ask === undefined ? [] : [pasted(means.ask, means.tell, ended.signal)]),
      pause(deadlineIn(means.limitSeconds * 1000, ended.signal).remainingMs(), ended.signal),
    ])
    throwIfInterrupted(context.interrupted)
    if (answer === undefined) throw new LoginTimedOutError(means.limitSeconds, account.name)
    if (answer.kind === 'denied') throw new LoginDeniedError(account.name)
    return answer
  } finally {
    context.interrupted.removeEventListener('abort', end)
    end()
    if (redirect !== undefined) await removeWhole(redirect)
    await callback.close()
  }
}

/** The server of this machine is asked, over its pinned API, where its pages are; what is remembered of a port may be another's. */
const pageFor = async (
  context: Context,
  {apiBase, webBase}: Account,
  {port, state}: Callback,
): Promise<URL | undefined> => {
  const server = await findServer(context)
  const words: Record<string, string> = {port: String(port), state}
  let base = webBase
  if (server?.apiBase === apiBase) {
    const body = {callback_port: port}
    const {ticket, web_base} = await askServer(context, {method: 'POST', path: '/logins', body})
    Object.assign(words, {ticket: String(ticket)})
    base = String(web_base)
  }
  if (base === undefined) return undefined
  const {href} = parseWebBase(base, 'The address of the login page')
  return new URL(`${href.replace(/\/$/, '')}/auth/cli-login/?${new URLSearchParams(words)}`)
}

/** Gives the file that a browser was opened with. */
const showPage = async (
  {env, folders, now}: Context,
  page: URL,
  {port}: Callback,
  {open, ask, tell, limitSeconds}: BrowserMeans,
): Promise<string | undefined> => {
  const way = wayToBrowser(surroundingsHere(env), isLoopback(page) ? [port, Number(page.port)] : [port])
  tell('To log in, open this address in a browser:')
  tell(page.href)
  if (way !== undefined) tell(way)
  tell(
    `It is waited for, up to ${formatDuration(limitSeconds)}.${ask === undefined ? '' : ' A token can be pasted as well.'}`,
  )
  if (open === undefined || way !== undefined) return undefined
  const redirect = await writeRedirect(folders.state, page.href, now().date)
  open(redirect).catch(() => tell('The browser could not be started; open the address above.'))
  return redirect
}

/** What is no token is asked for again; a terminal that is gone leaves the browser its time. */
const pasted = async (
  ask: NonNullable<BrowserMeans['ask']>,
  tell: BrowserMeans['tell'],
  signal: AbortSignal,
): Promise<CallbackAnswer> => {
  try {
    for (;;) {
      const secret = (await ask('Token: ', signal)).trim()
      if (isSecret(secret)) return {kind: 'token', secret, email: undefined}
      if (secret !== '') tell('That is no token: it is one line of printable ASCII without blanks.')
    }
  } catch (error) {
    // Ctrl-C is typed there: a terminal that reads letter by letter makes no signal of it.
    if (error instanceof InterruptedError && !signal.aborted) throw error
    return new Promise<never>(() => undefined)
  }
}
