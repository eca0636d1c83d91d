import {join} from 'node:path'
import {type Deadline, deadlineIn} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {readIfThere} from '../../core/files.ts'
import {requestJson} from '../../network/request-json.ts'
import {BadAnswerError, codeOfStatus, RefusedError, wordsOf} from '../../provider/refusal.ts'
import type {ServerFacts} from '../../server/server-facts.ts'
import type {Context} from '../context.ts'

const LIMIT_MS = 60_000

/** The profile that stands for this machine's server. */
export const LOCAL_PROFILE = 'local'

/** The server of this machine does not run. */
export class ServerDownError extends RuncodeError {
  constructor() {
    super('The server of this machine is not running.', {code: 'server_down', hint: 'Start it: runcode server up'})
  }
}

/** The folder of this machine's server. */
export const serverRoot = ({folders}: Context): string => join(folders.state, 'server')

/** The server is a program of its own: what we know of it is loaded when a server command asks. */
export async function findServer(context: Context): Promise<ServerFacts | undefined> {
  const [{serverFolder}, {livingServer}] = await Promise.all([
    import('../../server/server-folder.ts'),
    import('../../server/server-facts.ts'),
  ])
  return livingServer(serverFolder(serverRoot(context)).facts)
}

/** The server that runs. Throws ServerDownError. */
export async function requireServer(context: Context): Promise<ServerFacts> {
  const facts = await findServer(context)
  if (facts === undefined) throw new ServerDownError()
  return facts
}

export interface OwnerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/api/server`. */
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  /** What to do where it is refused. */
  readonly hint?: string
}

/** Asks the running server with its owner's token. Gives the JSON object of a 2xx; throws RefusedError, ServerDownError. */
export async function askServer(
  context: Context,
  {method, path, body, hint = 'See what there is: runcode server status'}: OwnerRequest,
  limit?: Deadline,
): Promise<Readonly<Record<string, unknown>>> {
  const {apiBase, caFile} = await requireServer(context)
  const deadline = limit ?? deadlineIn(LIMIT_MS, context.interrupted)
  const secret = await readOwnerToken(context)
  const url = new URL(`${apiBase}/api/server${path}`)
  const {status, json} = await requestJson({
    method,
    url,
    authorization: `Token ${secret}`,
    body,
    trust: {caFile, addedCaFile: undefined},
    deadline,
  })
  if (status < 200 || status > 299)
    throw new RefusedError(codeOfStatus(status), wordsOf(json, secret) ?? `The server answered ${status}.`, {
      status,
      hint,
    })
  if (typeof json !== 'object' || json === null) throw new BadAnswerError(url.origin, 'it is no JSON object')
  return json as Readonly<Record<string, unknown>>
}

/** The secret that the server keeps for its owner. */
export async function readOwnerToken(context: Context): Promise<string> {
  const {serverFolder} = await import('../../server/server-folder.ts')
  const secret = (await readIfThere(serverFolder(serverRoot(context)).ownerToken))?.trim()
  if (secret === undefined || secret === '') throw new ServerDownError()
  return secret
}
