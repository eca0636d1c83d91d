import {systemCode} from '../core/errors.ts'
import {readIfThere, writeWhole} from '../core/files.ts'
import {isPort} from './server-facts.ts'
import {ServerFailedError} from './server-failed.ts'

/** The ports of the last run; what clients wrote down of them stays true while they are free. */
export interface RememberedPorts {
  readonly api: number | undefined
  readonly gateway: number | undefined
  readonly web: number | undefined
}

/** What the file says; nothing where there is none or it is not ours. Throws FileError. */
export async function readPorts(file: string): Promise<RememberedPorts> {
  try {
    const {api_port, gateway_port, web_port} = JSON.parse((await readIfThere(file)) ?? '{}')
    const [api, gateway, web] = [api_port, gateway_port, web_port].map((port) => (isPort(port) ? port : undefined))
    return {api, gateway, web}
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return NONE
    throw error
  }
}

const NONE: RememberedPorts = {api: undefined, gateway: undefined, web: undefined}

/** Throws FileError. */
export const writePorts = (file: string, {api, gateway, web}: RememberedPorts): Promise<void> =>
  writeWhole(file, `${JSON.stringify({api_port: api, gateway_port: gateway, web_port: web})}\n`)

/**
 * Listens on the explicit port; without one on the remembered port, and where that is not to be had on a free one.
 * Throws ServerFailedError, naming the port, where the explicit one is not to be had.
 */
export async function listenOn<T>({explicit, remembered, name, listen}: PortChoice<T>): Promise<T> {
  try {
    return await listen(explicit ?? remembered ?? 0)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    if (explicit === undefined) return await listen(0)
    throw new ServerFailedError(`The ${name} cannot have port ${explicit}: it is taken, or not allowed.`, {
      hint: 'Choose another port, or leave the choice to the server.',
      facts: {port: explicit},
      cause: error,
    })
  }
}

export interface PortChoice<T> {
  readonly explicit: number | undefined
  readonly remembered: number | undefined
  /** For the message: `gateway`, `API`. */
  readonly name: string
  /** Rejects with the system's error, or with one that has it as its cause. */
  readonly listen: (port: number) => Promise<T>
}

const isUnavailable = (error: unknown): boolean => {
  const code = systemCode(error instanceof Error && error.cause !== undefined ? error.cause : error)
  return code === 'EADDRINUSE' || code === 'EACCES'
}
