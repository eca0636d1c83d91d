import {RuncodeError} from '../core/errors.ts'
import {type Block, findBlock, textOf, withoutBlock} from './block.ts'
import {includedBy} from './config-file.ts'
import {configLines} from './config-lines.ts'
import {type ParsedBlock, parseBlock} from './parse-block.ts'

/** The block is another tool's, or has lines that we would not have written. */
export class ForeignBlockError extends RuncodeError {
  constructor(path: string, lines: readonly number[]) {
    super(
      lines.length === 0
        ? `The managed block in ${path} was written by another tool.`
        : `The managed block in ${path} has lines that are not ours (line ${lines.slice(0, 10).join(', ')}).`,
      {
        code: 'block_foreign',
        hint:
          lines.length === 0
            ? 'Replace it by ours: runcode config-ssh --adopt'
            : 'Move what you want to keep out of it, or have it replaced as it is: runcode config-ssh --adopt',
        facts: {path, lines},
      },
    )
  }
}

/** A user's ssh_config as far as it concerns us. */
export interface ParsedConfig {
  /** Without the block. */
  readonly rest: string
  readonly block: Block | undefined
  readonly parsed: ParsedBlock | undefined
  /** Whether the user has put in the line that includes our file. */
  readonly isIncludedByHand: boolean
}

/**
 * Reads a user's ssh_config. A block that is not ours, or not only, is taken for ours only with `adopt`. Throws
 * DamagedBlockError and ForeignBlockError.
 */
export function parseConfig(
  text: string,
  {path, home, included, adopt}: {path: string; home: string; included: string; adopt: boolean},
): ParsedConfig {
  const block = findBlock(text, path)
  const rest = withoutBlock(text, block)
  const isIncludedByHand = configLines(rest).some(
    ({keyword, words}) => keyword === 'include' && words.some((word) => includedBy(word, home) === included),
  )
  if (block === undefined) return {rest, block, parsed: undefined, isIncludedByHand}
  const parsed = parseBlock(block.lines.map(textOf), included)
  const strange = parsed.isOurs ? parsed.strangeLines.map((at) => block.firstLine + at) : []
  if ((!parsed.isOurs || strange.length > 0) && !adopt) throw new ForeignBlockError(path, strange)
  return {rest, block, parsed, isIncludedByHand}
}
