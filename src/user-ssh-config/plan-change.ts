import type {Program} from '../openssh/proxy-command.ts'
import {BEGIN, END, textOf, withBlock} from './block.ts'
import type {HostEntry} from './host-names.ts'
import type {CurrentConfig} from './read-config.ts'
import {type HostFiles, includeLine, renderBlock, renderHost, renderInclude} from './render-hosts.ts'
import type {Candidate} from './try-candidate.ts'
import {unifiedDiff} from './unified-diff.ts'

/** What is to become of a user's ssh_config. */
export interface Plan {
  /** The file with the hosts in it, for ssh to try. */
  readonly candidate: Candidate
  /** The file as it is to be; undefined for none. */
  readonly text: string | undefined
  /** Our own file as it is to be; undefined for none. */
  readonly includedText: string | undefined
  /** What the user can put at the top of the file instead. */
  readonly paste: string
  readonly isUpToDate: boolean
  /** Hosts that are new, and those whose lines change. */
  readonly added: readonly string[]
  readonly updated: readonly string[]
  readonly diff: string
}

export interface HostWithFiles {
  readonly host: HostEntry
  readonly files: HostFiles
}

/** Puts the hosts, and no others, in the place of those that are there. */
export function planChange(current: CurrentConfig, wanted: readonly HostWithFiles[], program: Program): Plan {
  const {file, rest, included, isIncluding} = current
  const isNewFile = file.text === undefined || current.parsed?.isNewFile === true
  const hosts = wanted.map(({host, files}) => ({alias: host.alias, lines: renderHost(host, files, program)}))
  const inline = renderBlock(
    hosts.map(({lines}) => lines),
    {isNewFile},
  )
  const lines = isIncluding ? renderInclude(included.path, {isNewFile}) : inline
  const isNamed = hosts.length > 0 && !current.isIncludedByHand
  const withOurs = isNamed ? withBlock(rest, lines) : rest
  const text = withOurs === '' && isNewFile ? undefined : withOurs
  const ours = renderBlock(
    hosts.map(({lines: own}) => own),
    {isNewFile: false},
  )
  const includedText = isIncluding && hosts.length > 0 ? `${ours.join('\n')}\n` : undefined
  const before = new Map(current.entries.map((one) => [one.alias, one.lines.join('\n')]))
  const known = hosts.filter(({alias}) => before.has(alias))
  return {
    candidate: {text: hosts.length > 0 ? withBlock(rest, inline) : rest, rest, hosts},
    text,
    includedText,
    paste: isIncluding ? includeLine(included.path) : [BEGIN, ...lines, END].join('\n'),
    isUpToDate: text === file.text && includedText === included.text,
    added: hosts.filter((one) => !known.includes(one)).map(({alias}) => alias),
    updated: known.filter(({alias, lines: own}) => before.get(alias) !== own.join('\n')).map(({alias}) => alias),
    diff: diffOf(file.path, file.text, text) + textDiff(included.path, included.text, includedText),
  }
}

/** A change of a user's file, for people. */
export const diffOf = (path: string, before: string | undefined, after: string | undefined): string =>
  textDiff(path, before === undefined ? before : textOf(before), after === undefined ? after : textOf(after))

const textDiff = (path: string, before: string | undefined, after: string | undefined): string =>
  unifiedDiff(before ?? '', after ?? '', {
    from: before === undefined ? '/dev/null' : path,
    to: after === undefined ? '/dev/null' : path,
  })
