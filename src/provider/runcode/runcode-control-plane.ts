import {type Deadline, together} from '../../core/deadline.ts'
import {formatDuration} from '../../core/duration.ts'
import {isLoopback} from '../../network/https-url.ts'
import {CHECK_ADDRESS} from '../../network/network-error.ts'
import {type JsonAnswer, requestJson, type Way} from '../../network/request-json.ts'
import {parseConnectionBundle} from '../../workspace/connection-bundle.ts'
import type {WorkspaceId} from '../../workspace/workspace.ts'
import {askAgain, askThroughTrouble} from '../ask-again.ts'
import type {ControlPlane, MintAnswer, MintRequest} from '../control-plane.ts'
import {BadAnswerError, codeOfStatus, RefusedError, wordsOf} from '../refusal.ts'
import {mergeWorkspaces, parseWorkspaceList} from './parse-workspace-list.ts'

export interface RuncodeOptions {
  readonly base: URL
  readonly trust: Way
  /** The token of this origin; asked for once, when the first request is made. */
  readonly token: () => Promise<string>
  /** What to do where the token is refused. */
  readonly loginHint: string
  /** Hears, in one line, what takes time. */
  readonly say: (message: string) => void
}

/** RunCode's control plane, and every other that speaks its HTTP contract: `<base>/api/rc`, `Authorization: Token`. */
export function runcodeControlPlane({base, trust, token, loginHint, say}: RuncodeOptions): ControlPlane {
  const said = new Set<string>()
  const sayOnce = (message: string): void => {
    if (!said.has(message)) say(message)
    said.add(message)
  }
  /** Everything here may be done twice: lists, starts and stops change nothing more, and a mint registers the same key. */
  const ask = async (
    method: 'GET' | 'POST',
    path: string,
    deadline: Deadline,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<Understood> => {
    const url = new URL(`${base.href.replace(/\/$/, '')}/api/rc${path}`)
    const secret = await token()
    const authorization = `Token ${secret}`
    const once = () => requestJson({method, url, authorization, body, trust, deadline})
    const answer = await askAgain(
      // Only the mint is the way to a command, which must not fail for a hiccup; who reads a list can look again.
      method === 'POST' ? () => askThroughTrouble(once, deadline) : once,
      deadline,
      (seconds, status) => sayOnce(`${base.origin} answered ${status} and asks to wait ${formatDuration(seconds)}.`),
    )
    if (answer.status < 200 || answer.status > 299)
      throw refusalOf(answer, base.origin, wordsOf(answer.json, secret), loginHint)
    const {json, date} = answer
    if (!isObject(json)) throw new BadAnswerError(base.origin, 'it is no JSON object')
    return {json, date, reason: wordsOf(json, secret) ?? 'no reason given'}
  }
  /** A refusal by the service itself comes as HTTP 200 with `error: true`. */
  const change = async (verb: 'start' | 'stop', id: WorkspaceId, deadline: Deadline): Promise<void> => {
    const {json, reason} = await ask('GET', `/workspace/${verb}?workspace_id=${id}`, deadline)
    if (isRefusal(json))
      throw new RefusedError(`${verb}_failed`, `The control plane refused to ${verb} the workspace: ${reason}`, {})
  }
  return {
    listWorkspaces: async (deadline) => {
      const categories = ['active', 'shared'] as const
      const [own, shared] = await together(
        deadline,
        categories.map((category) => async (limit) => {
          const {json} = await ask('GET', `/workspaces?category=${category}`, limit)
          return parseWorkspaceList(json, {isShared: category === 'shared', origin: base.origin})
        }),
      )
      return mergeWorkspaces(own ?? [], shared ?? [])
    },
    startWorkspace: (id, deadline) => change('start', id, deadline),
    stopWorkspace: (id, deadline) => change('stop', id, deadline),
    mint: async ({id, publicKey, ttlSeconds}: MintRequest, deadline): Promise<MintAnswer> => {
      const body = {public_key: publicKey, ttl: ttlSeconds, client: 'runcode-cli'}
      const {json, date, reason} = await ask('POST', `/workspace/${id}/ssh-session`, deadline, body)
      if (isRefusal(json)) throw new RefusedError('conflict', `The control plane refused the session: ${reason}`, {})
      const {bundle} = json as {readonly bundle?: unknown}
      if (bundle === undefined) throw new BadAnswerError(base.origin, 'it holds no bundle')
      return {bundle: parseConnectionBundle(bundle, {mayBeLocal: isLoopback(base)}), date, streams: 'bytes'}
    },
  }
}

/** An answer of 2xx with a JSON object. */
interface Understood extends Pick<JsonAnswer, 'date'> {
  readonly json: object
  /** Its own words, should it be a refusal. */
  readonly reason: string
}

const isObject = (json: unknown): json is object => typeof json === 'object' && json !== null && !Array.isArray(json)

const isRefusal = (json: object): boolean => 'error' in json && json.error !== false

const refusalOf = (
  {status, retryAfterSeconds}: JsonAnswer,
  origin: string,
  ownWords: string | undefined,
  loginHint: string,
): RefusedError => {
  const isRedirect = status >= 300 && status < 400
  const words = isRedirect ? 'it points elsewhere, where the token must not go' : ownWords
  const hint = isRedirect
    ? {hint: CHECK_ADDRESS}
    : status === 401
      ? {hint: `The token is not accepted (any more). ${loginHint}`}
      : {}
  return new RefusedError(
    codeOfStatus(status),
    `${origin} answered ${status}${words === undefined ? '' : `: ${words}`}`,
    {status, retryAfterSeconds, ...hint},
  )
}
