import {join} from 'node:path'
import type {PinnedKey} from '../openssh/known-hosts.ts'
import {parseWorkspaceId} from '../workspace/workspace.ts'
import type {Session} from './session.ts'

const VERSION = 1

/** The text of a session.json. */
export const renderSession = ({folder: _folder, ...session}: Session): string =>
  `${JSON.stringify({version: VERSION, ...session}, undefined, 2)}\n`

/**
 * The session in a session.json, or undefined where the text is not one of ours: what is on disk is disposable, and a
 * damaged one is as good as none. So is one that was moved: the paths in its ssh_config lead to where it was.
 */
export function parseSession(text: string, folder: string): Session | undefined {
  const raw = parseObject(text)
  if (raw === undefined || raw['version'] !== VERSION) return undefined
  const workspaceId = parseWorkspaceId(String(raw['workspaceId']))
  const mintedAt = new Date(typeof raw['mintedAt'] === 'string' ? raw['mintedAt'] : Number.NaN)
  const {account, origin, title, alias, configFile, controlPath, host, port, user, workdir, webUrl} = raw
  const {mintedAtUptimeSeconds, lifetimeSeconds, hostKeys} = raw
  if (
    workspaceId === undefined ||
    Number.isNaN(mintedAt.getTime()) ||
    !isText(account) ||
    !isText(origin) ||
    !isText(title) ||
    !isText(alias) ||
    configFile !== join(folder, 'config') ||
    !isText(host) ||
    !isText(user) ||
    !isOptionalText(controlPath) ||
    !isOptionalText(workdir) ||
    !isOptionalText(webUrl) ||
    typeof port !== 'number' ||
    typeof mintedAtUptimeSeconds !== 'number' ||
    typeof lifetimeSeconds !== 'number' ||
    !isPins(hostKeys)
  ) {
    return undefined
  }
  const facts = {account, origin, title, alias, configFile, controlPath, host, port, user, workdir, webUrl}
  const proxied = raw['isProxied'] === true ? {isProxied: true as const} : {}
  const streams = raw['streams'] === 'text' ? {streams: 'text' as const} : {}
  return {
    ...facts,
    ...proxied,
    ...streams,
    folder,
    workspaceId,
    mintedAt,
    mintedAtUptimeSeconds,
    lifetimeSeconds,
    hostKeys,
  }
}

const parseObject = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isOptionalText = (value: unknown): value is string | undefined => value === undefined || isText(value)
const isPins = (value: unknown): value is readonly PinnedKey[] =>
  Array.isArray(value) && value.every((pin: Partial<PinnedKey> | null) => isText(pin?.type) && isText(pin?.base64))
