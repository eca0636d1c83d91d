import {readIfThere} from '../core/files.ts'
import {type ParsedEntry, parseBlock} from './parse-block.ts'
import {ForeignBlockError, type ParsedConfig, parseConfig} from './parse-config.ts'
import type {UserFile} from './user-file.ts'

/** A user's ssh_config, and the file of ours beside it, as they are. */
export interface CurrentConfig extends ParsedConfig {
  readonly file: UserFile
  /** Our own file, which the user's includes; its text is undefined where it is not there, or not asked for. */
  readonly included: {readonly path: string; readonly text: string | undefined}
  readonly isIncluding: boolean
  readonly entries: readonly ParsedEntry[]
}

export interface ReadOptions {
  readonly home: string
  /** The path of our own file. */
  readonly included: string
  /** Whether the hosts are to be there from now on. */
  readonly include: boolean
  /** Take a block for ours whoever wrote it. */
  readonly adopt: boolean
}

/** Throws DamagedBlockError, ForeignBlockError, FileError. */
export async function readConfig(
  file: UserFile,
  {home, included, include, adopt}: ReadOptions,
): Promise<CurrentConfig> {
  const config = parseConfig(file.text ?? '', {path: file.path, home, included, adopt})
  const isIncluding = include || config.isIncludedByHand || config.parsed?.includes !== undefined
  const text = isIncluding ? await readIfThere(included) : undefined
  const own = text === undefined || text.trim() === '' ? undefined : parseBlock(text.trimEnd().split('\n'), undefined)
  if (own !== undefined && !adopt && (!own.isOurs || own.strangeLines.length > 0))
    throw new ForeignBlockError(included, own.isOurs ? own.strangeLines.map((at) => at + 1) : [])
  const entries = [...(config.parsed?.entries ?? []), ...(own?.entries ?? [])]
  return {...config, file, included: {path: included, text}, isIncluding, entries}
}
