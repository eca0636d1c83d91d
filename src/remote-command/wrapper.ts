import {RuncodeError} from '../core/errors.ts'
import {encodeLine} from './encode-line.ts'
import {quotePosix} from './quote-posix.ts'
import {type RemoteWords, toPosix} from './remote-words.ts'

/** Linux takes one word of at most 131,071 bytes (execve(2), MAX_ARG_STRLEN), here and on the workspace. */
const LONGEST_BYTES = 131_071

/** The command does not fit into one line. */
export class TooLongCommandError extends RuncodeError {
  constructor(sizeBytes: number) {
    super(`The command is too long: ${sizeBytes} bytes once it is quoted, of at most ${LONGEST_BYTES}.`, {
      code: 'usage',
      hint: 'Send it on stdin, as in: runcode exec -- sh -s < script.sh',
      facts: {size_bytes: sizeBytes, limit_bytes: LONGEST_BYTES},
    })
  }
}

/**
 * The line to give to ssh: a POSIX program that goes to the directory, says on stderr that the command begins, runs it,
 * says how it ended, and ends the same way. What it says stands between two record separators (U+001E) behind a nonce that
 * is new for each call. The shell's own stderr is on the null device meanwhile, or it would say "Killed" beside the command.
 * Throws TooLongCommandError.
 */
export function wrapCommand(
  words: RemoteWords,
  {nonce, directory}: {nonce: string; directory: string | undefined},
): string {
  const say = (what: string): string => `printf '\\036${nonce} ${what}\\036' >&3`
  const line = encodeLine(
    [
      'exec 3>&2',
      ...(directory === undefined ? [] : [`cd ${quotePosix(directory)} 2>/dev/null || { ${say('D')}; exit 125; }`]),
      say('S'),
      'exec 2>/dev/null',
      `( exec 2>&3 3>&-; exec ${toPosix(words)} )`,
      'r=$?',
      `printf '\\036${nonce} E %d\\036' "$r" >&3`,
      'exit "$r"',
    ].join('\n'),
  )
  if (line.length > LONGEST_BYTES) throw new TooLongCommandError(line.length)
  return line
}

/** The line for an interactive login shell in a directory; in HOME where that directory is gone. */
export const wrapShell = (directory: string | undefined): string | undefined =>
  directory === undefined ? undefined : encodeLine(`cd ${quotePosix(directory)}\nexec "\${SHELL:-/bin/sh}" -l`)
