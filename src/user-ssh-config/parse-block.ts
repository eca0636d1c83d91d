import {parseWorkspaceId, type WorkspaceId} from '../workspace/workspace.ts'
import type {HostEntry} from './host-names.ts'
import {HEADER, MADE_BY_US, renderHost} from './render-hosts.ts'

/** What a block says, as far as it is what we write. */
export interface ParsedBlock {
  readonly isOurs: boolean
  readonly isNewFile: boolean
  /** The file of ours that it includes. */
  readonly includes: string | undefined
  readonly entries: readonly ParsedEntry[]
  /** The numbers, from 0, of the lines that we would not have written. */
  readonly strangeLines: readonly number[]
}

export interface ParsedEntry extends HostEntry {
  readonly isMultiplexed: boolean
  /** The files that its ProxyCommand starts. */
  readonly programs: readonly string[]
  /** Its lines as they are. */
  readonly lines: readonly string[]
}

/**
 * Reads the lines between the markers, or those of an included file of ours, as text. `included`: the file of ours that
 * they may include.
 */
export function parseBlock(lines: readonly string[], included: string | undefined): ParsedBlock {
  const strangeLines: number[] = []
  const drafts: {at: number; lines: string[]}[] = []
  let includes: string | undefined
  let draft: {at: number; lines: string[]} | undefined
  for (const [at, line] of lines.entries()) {
    const [, keyword] = /^ {2}([A-Za-z0-9]+) \S/.exec(line) ?? []
    if (HOST.test(line)) {
      draft = {at, lines: [lines[at - 1] ?? '', line]}
      drafts.push(draft)
    } else if (line === 'Host *') draft = undefined
    else if (keyword !== undefined && draft !== undefined && isNew(keyword, draft.lines)) draft.lines.push(line)
    else if (line === `Include "${included}"` && includes === undefined) includes = included
    else if (!isComment(lines, at) && line.trim() !== '') strangeLines.push(at)
  }
  const entries: ParsedEntry[] = []
  for (const one of drafts) {
    const host = parseHost(one.lines)
    if (host === undefined) strangeLines.push(one.at)
    else entries.push(host)
  }
  const isOurs = lines[0] === HEADER
  return {
    isOurs,
    isNewFile: lines[1] === MADE_BY_US,
    includes,
    entries,
    strangeLines: strangeLines.toSorted((a, b) => a - b),
  }
}

/** All that we ever write into an entry. */
const KEYWORDS: ReadonlySet<string> = new Set(
  renderHost(
    {alias: '', account: '', workspaceId: '' as WorkspaceId, user: '', label: ''},
    {identityFile: '', knownHostsFile: '', hostKeyAlias: '', proxyWords: [], controlPath: undefined},
    {node: '', script: ''},
  ).flatMap((line) => /^ {2}(\S+)/.exec(line)?.[1] ?? []),
)

const HOST = /^Host runcode\.[A-Za-z0-9._-]+$/

/** A comment that we write: in its place. */
const isComment = (lines: readonly string[], at: number): boolean => {
  const line = lines[at] ?? ''
  if ((at === 0 && line === HEADER) || (at === 1 && line === MADE_BY_US)) return true
  return /^# .+ \(workspace \S+\)$/.test(line) && HOST.test(lines[at + 1] ?? '')
}

/** An option that we write, and once: somebody put in all others, and wants to keep them. */
const isNew = (keyword: string, lines: readonly string[]): boolean =>
  KEYWORDS.has(keyword) && optionIn(lines, keyword) === undefined

/** What an entry says for a keyword, as it was written; undefined where it leaves that open. */
export const optionIn = (lines: readonly string[], keyword: string): string | undefined =>
  lines.find((line) => line.startsWith(`  ${keyword} `))?.slice(keyword.length + 3)

const parseHost = (lines: readonly string[]): ParsedEntry | undefined => {
  const optionOf = (keyword: string): string => optionIn(lines, keyword) ?? ''
  const [, label = ''] = /^# ([\x20-\x7e]{1,80}) \(workspace \S+\)$/.exec(lines[0] ?? '') ?? []
  const [, alias] = /^Host (\S+)$/.exec(lines[1] ?? '') ?? []
  const [, user] = /^((?!-)[A-Za-z0-9._-]{1,128})$/.exec(optionOf('User')) ?? []
  const [, account, id = ''] = / proxy ([a-z0-9-]{1,20})\/(\S+)(?: \S+)*$/.exec(optionOf('ProxyCommand')) ?? []
  const workspaceId = parseWorkspaceId(id)
  if (alias === undefined || user === undefined || account === undefined || workspaceId === undefined) return undefined
  const isMultiplexed = optionOf('ControlMaster') === 'auto'
  const programs = [...optionOf('ProxyCommand').matchAll(/"([^"]+)"/g)].map(([, path = '']) =>
    path.replaceAll('%%', '%'),
  )
  return {alias, account, workspaceId, user, label: label || workspaceId, isMultiplexed, programs, lines}
}
