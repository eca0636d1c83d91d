import {readIfThere, writeWhole} from '../core/files.ts'
import {isSameProcess} from '../core/process-identity.ts'
import {ServerFailedError} from './server-failed.ts'

/** What a running server says of itself, in its folder and to whoever started it. */
export interface ServerFacts {
  readonly pid: number
  /** When that process started, as processStart gives it. */
  readonly started: string | null
  readonly version: string
  readonly apiPort: number
  readonly gatewayPort: number
  /** Of the pages. */
  readonly webPort: number
  /** `https://localhost:<port>` */
  readonly apiBase: string
  readonly caFile: string
  readonly idleSeconds: number | undefined
}

/** Writes the facts whole, mode 0600. Throws FileError. */
export const writeServerFacts = (file: string, facts: ServerFacts): Promise<void> =>
  writeWhole(file, `${JSON.stringify(wireOf(facts), null, 2)}\n`)

/** A server of another runcode runs here: what it says of itself cannot be understood, and its files must not go under it. */
export class StrangeServerError extends ServerFailedError {
  constructor(pid: number) {
    super(`The server that runs here (process ${pid}) is of another version of runcode.`, {
      hint: `End it with that version, or so: kill ${pid}`,
      facts: {pid},
    })
  }
}

/**
 * The facts of the server that runs now; undefined where none does, or the file is not one of ours. Throws FileError,
 * StrangeServerError.
 */
export async function livingServer(file: string): Promise<ServerFacts | undefined> {
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  const facts = parseServerFacts(text)
  const {pid, started} = facts ?? processIn(text) ?? {}
  if (pid === undefined || started === undefined || !(await isSameProcess(pid, started))) return undefined
  if (facts === undefined) throw new StrangeServerError(pid)
  return facts
}

/** Which process wrote this, whatever else is in it; a name of its start, since a number alone may be anybody's by now. */
const processIn = (text: string): Pick<ServerFacts, 'pid' | 'started'> | undefined => {
  try {
    const {pid, started} = JSON.parse(text)
    return isCount(pid) && typeof started === 'string' ? {pid, started} : undefined
  } catch {
    return undefined
  }
}

const wireOf = ({pid, started, version, apiPort, gatewayPort, webPort, apiBase, caFile, idleSeconds}: ServerFacts) => ({
  pid,
  started,
  version,
  api_port: apiPort,
  gateway_port: gatewayPort,
  web_port: webPort,
  api_base: apiBase,
  ca_file: caFile,
  idle_seconds: idleSeconds ?? null,
})

/** Undefined for every text that writeServerFacts would not write. */
export function parseServerFacts(text: string): ServerFacts | undefined {
  try {
    const {pid, started, version, api_port, gateway_port, web_port, api_base, ca_file, idle_seconds} = JSON.parse(text)
    const isGood =
      isCount(pid) &&
      (started === null || typeof started === 'string') &&
      typeof version === 'string' &&
      isPort(api_port) &&
      isPort(gateway_port) &&
      isPort(web_port) &&
      api_base === `https://localhost:${api_port}` &&
      typeof ca_file === 'string' &&
      (idle_seconds === null || isCount(idle_seconds))
    if (!isGood) return undefined
    const idleSeconds = idle_seconds ?? undefined
    return {
      pid,
      started,
      version,
      apiPort: api_port,
      gatewayPort: gateway_port,
      webPort: web_port,
      apiBase: api_base,
      caFile: ca_file,
      idleSeconds,
    }
  } catch {
    return undefined
  }
}

/** Where the pages of a server are. */
export const webBaseOf = ({webPort}: Pick<ServerFacts, 'webPort'>): string => `http://localhost:${webPort}`

/** A port that something can be reached at. */
export const isPort = (value: unknown): value is number => isCount(value) && value <= 65_535

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0
