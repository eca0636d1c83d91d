import {redact} from '../core/redact.ts'

/** A gateway can make ssh say as much as it likes; ssh says the reason last. */
const MOST_LINES = 100
const MOST_CHARACTERS = 1000

/** What ssh said, line by line, without secrets; of much the last. It is not printable yet. */
export const linesOfSsh = (said: string | undefined): readonly string[] =>
  redact(said ?? '')
    .split(/\r*\n/)
    .filter((line) => line.trim() !== '')
    .slice(-MOST_LINES)
    .map((line) => line.slice(0, MOST_CHARACTERS))

/** The same for a person: set in, so that nothing in it can be taken for ours. */
export const quotation = (lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['OpenSSH said:', ...lines.map((line) => `  ${line}`)]

/** The same as a fact of a JSON object. */
export const quotationJson = (lines: readonly string[]): {readonly ssh_said?: readonly string[]} =>
  lines.length === 0 ? {} : {ssh_said: lines}
