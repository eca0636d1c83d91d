import type {ServerFacts} from '../server/server-facts.ts'

/** What any other client needs to use this machine's server, but for a token. */
export interface ServerJson {
  readonly running: true
  readonly api_base: string
  readonly web_base: string
  readonly ca_file: string
  readonly gateway: {readonly host: string; readonly port: number}
  readonly profile: string
  readonly pid: number
  readonly version: string
  readonly idle_seconds: number | null
}

export const serverJson = ({
  apiBase,
  caFile,
  gatewayPort,
  webPort,
  pid,
  version,
  idleSeconds,
}: ServerFacts): ServerJson => ({
  running: true,
  api_base: apiBase,
  web_base: `http://localhost:${webPort}`,
  ca_file: caFile,
  gateway: {host: '127.0.0.1', port: gatewayPort},
  profile: 'local',
  pid,
  version,
  idle_seconds: idleSeconds ?? null,
})
