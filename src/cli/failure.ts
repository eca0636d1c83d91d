import {ERROR_CODES, type Facts, messageOf, RuncodeError, systemCode} from '../core/errors.ts'
import {printable, printableLines} from '../core/printable.ts'
import {wasInterrupted} from './interruption.ts'
import {linesOfSsh, quotation, quotationJson} from './ssh-words.ts'

/** A failure as it is reported: the same facts for a person, for JSON and for the exit status. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  readonly retryable: boolean
  readonly exit: number
  readonly facts: Facts
  /** What ssh said of it, line by line; nothing where nobody asked for it. */
  readonly sshSaid: readonly string[]
}

/** What went wrong, whoever threw it: one of our errors, oclif's parser, or a mistake in runcode. With `isVerbose`, ssh is quoted. */
export function failureOf(error: unknown, {isVerbose = false}: {isVerbose?: boolean} = {}): Failure {
  if (wasInterrupted()) return plain('interrupted', 'Interrupted.', undefined)
  if (error instanceof RuncodeError) {
    const {code, hint, retryable, exit, facts, said} = error
    const message = code === 'usage' ? usageMessage(error) : error.message
    return {code, message, hint, retryable, exit, facts, sshSaid: isVerbose ? linesOfSsh(said) : []}
  }
  if (isOclifError(error))
    return plain('usage', usageMessage(error), 'See the help: runcode --help, or runcode <command> --help')
  return plain(
    'internal',
    `This is a mistake in runcode: ${messageOf(error)}`,
    'Set RUNCODE_DEBUG=1 to see where, and report it.',
  )
}

const plain = (code: keyof typeof ERROR_CODES, message: string, hint: string | undefined): Failure => {
  const {exit, retryable} = ERROR_CODES[code]
  return {code, message, hint, retryable, exit, facts: {}, sshSaid: []}
}

/** oclif marks its own errors, of the parser and of unknown commands, with a field of its name; a command that can't be loaded is no mistake of the user's. */
const isOclifError = (error: unknown): error is Error =>
  error instanceof Error && 'oclif' in error && systemCode(error) !== 'MODULE_NOT_FOUND'

/**
 * The parser adds "See more help with --help" as a line of its own, a note on flags with several values that is not true of
 * ours, and, to what a flag of ours throws, "Parsing --flag". A word that is too many, and what stands behind the `=` of a
 * flag that there is not, may be a token.
 */
const usageMessage = ({message}: Error): string =>
  (message.split(/\n(?:See more help|\nNote: )/)[0] ?? message)
    .replace(/^(Unexpected arguments?): .*$/s, '$1.')
    .replace(/^(Nonexistent flag)s?: (--[^=,]+|-[^,]).*$/s, '$1: $2')
    .replace(/^Parsing (--\S+)\s*\n\s*/, '$1: ')
    .replace(/\s*\n\s*/g, ' ')
    .trim()

/** The failure as the one JSON object of `--json`. */
export const failureJson = ({
  code,
  message,
  hint,
  retryable,
  facts,
  sshSaid,
}: Failure): Readonly<Record<string, unknown>> => ({
  error: code,
  message,
  ...(hint === undefined ? {} : {hint}),
  retryable,
  ...facts,
  ...quotationJson(sshSaid),
})

/** The failure as lines for a person, printable. */
export const failureText = ({message, hint, sshSaid}: Failure): string =>
  [`runcode: ${message}`, ...(hint === undefined ? [] : [`hint: ${hint}`]), ...quotation(sshSaid)]
    .map((line) => `${printable(line)}\n`)
    .join('')

/** Where a mistake of ours came from, for whoever asks for it; empty for anything else. */
export const stackText = ({code}: Failure, error: unknown): string =>
  code === 'internal' && process.env['RUNCODE_DEBUG'] && error instanceof Error
    ? `${printableLines(error.stack ?? '')}\n`
    : ''
