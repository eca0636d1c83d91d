import {RuncodeError} from '../core/errors.ts'
import {encodeLine} from './encode-line.ts'
import {quotePosix} from './quote-posix.ts'
import type {RemoteWords} from './remote-words.ts'

/** Linux takes one word of at most 131,071 bytes (execve(2), MAX_ARG_STRLEN), here and on the workspace. */
const LONGEST_BYTES = 131_071
/** What the far side has for these, in the words of its shell. */
const SHELL = `\${SHELL:-/bin/sh}`
const TMPDIR = `\${TMPDIR:-/tmp}`
/** Between two beats, and from TERM to KILL. */
const BEAT_SECONDS = 1
const GRACE_SECONDS = 2

/** The command does not fit into one line. */
export class TooLongCommandError extends RuncodeError {
  constructor(sizeBytes: number) {
    super(`The command is too long: ${sizeBytes} bytes once it is quoted, of at most ${LONGEST_BYTES}.`, {
      code: 'usage',
      hint: 'Send it as a program: runcode exec --script FILE',
      facts: {size_bytes: sizeBytes, limit_bytes: LONGEST_BYTES},
    })
  }
}

/** What is to be run on a workspace, and in what surroundings. */
export interface RemoteTask {
  readonly words: RemoteWords
  /** Undefined for where a login begins, which is HOME. */
  readonly directory: string | undefined
  /** Names and values that are added to its environment. */
  readonly variables: readonly (readonly [string, string])[]
  /** With the environment that a login shell makes. */
  readonly isLogin: boolean
}

/**
 * The line to give to ssh: a POSIX program that goes to the directory, says that the command begins, runs it, says how it
 * ended, and ends the same way. What it says stands on stderr, between two record separators (U+001E) behind a nonce that
 * is new for each call (see StatusReader). The shell's own stderr is on the null device meanwhile, or it would say
 * "Killed" beside the command. While the command runs a beat goes the same way; when nobody takes it any more, because the
 * channel was closed, the command's process group is ended. With a terminal all of this stands in its one stream, and where
 * the far side gave none nothing is run. Throws TooLongCommandError.
 */
export function wrapCommand(task: RemoteTask, nonce: string, {hasTerminal} = {hasTerminal: false}): string {
  const {words, directory, isLogin} = task
  if (words.kind === 'shell') return wrapShell(directory, nonce)
  const isScript = words.kind === 'script'
  const program = [
    ...opening(nonce),
    ...(hasTerminal ? [NEEDS_TERMINAL] : []),
    ...(directory === undefined ? [] : [`cd ${quotePosix(directory)} 2>/dev/null || { say D; exit 125; }`]),
    ...(isScript ? receive(words.program) : []),
    'say S',
    'exec 2>/dev/null',
    // What it runs gets these signals as they were; we outlive them to say how it ended, also where it signals its group.
    'trap : INT QUIT TERM HUP',
    beat(isScript),
    `( exec 2>&3 3>&-; exec ${commandOf(words, task.variables)} )${isScript ? ' </dev/null' : ''}`,
    'r=$?',
    'kill -KILL "$!"',
    ...(isScript ? ['rm -f "$t"'] : []),
    ...CLOSING,
  ].join('\n')
  const line = encodeLine(isLogin ? inLoginShell(program) : program)
  if (line.length > LONGEST_BYTES) throw new TooLongCommandError(line.length)
  return line
}

const opening = (nonce: string): readonly string[] => [
  'exec 3>&2',
  `say() { printf '\\036${nonce} %s\\036' "$*" >&3; }`,
]
const NEEDS_TERMINAL = '[ -t 3 ] || { say T; exit 125; }'
/** With `stty tostop` the terminal stops who writes to it while another group has it, unless it ignores that. */
const CLOSING = ['n=', '[ "$r" -gt 128 ] && n=$(kill -l "$r")', "trap '' TTOU", 'say E "$r" "$n"', 'exit "$r"']

/**
 * sshd, and our gateway, start a command as the leader of a group of its own, so that our pid names the group; where they
 * do not, no group has that name and nothing is hit. It lives in that group itself, hence the traps.
 */
const beat = (hasFile: boolean): string =>
  [
    `( trap '' INT QUIT TERM HUP PIPE TTOU; while sleep ${BEAT_SECONDS} 3>&-; do say B || {`,
    `kill -TERM -- "-$$"; kill -CONT -- "-$$"; sleep ${GRACE_SECONDS} 3>&-;${hasFile ? ' rm -f "$t";' : ''} kill -KILL -- "-$$"`,
    '}; done ) >/dev/null </dev/null &',
  ].join('\n')

/** The whole of a program from stdin, into a file of its own: a part of one must never run. */
const receive = (program: Buffer): readonly string[] => [
  't=',
  'trap \'rm -f "$t"; exit 125\' INT TERM HUP',
  `t=$(mktemp "${TMPDIR}/runcode.XXXXXX") && cat >"$t" && chmod 700 "$t" &&`,
  `[ "$(($(wc -c <"$t")))" -eq ${program.length} ] || { rm -f "$t"; say P; exit 125; }`,
]

type Command = Exclude<RemoteWords, {kind: 'shell'}>

/** A simple command of POSIX sh. */
const commandOf = (words: Command, variables: RemoteTask['variables']): string => {
  const assigned = variables.map(([name, value]) => quotePosix(`${name}=${value}`))
  if (words.kind === 'line') {
    return [...(assigned.length === 0 ? [] : ['env', ...assigned]), `"${SHELL}"`, '-c', quotePosix(words.line)].join(
      ' ',
    )
  }
  const quoted = words.argv.map(quotePosix)
  const isOwnInterpreter = words.kind === 'script' && words.program.subarray(0, 2).toString('latin1') === '#!'
  const command = words.kind === 'argv' ? quoted : [...(isOwnInterpreter ? [] : ['sh']), '"$t"', ...quoted]
  // env would take a first word with "=" in it for one more variable.
  const start = assigned.length === 0 ? [] : ['env', ...assigned, 'sh', '-c', `'exec "$@"'`, 'sh']
  return [...start, ...command].join(' ')
}

/**
 * A program run by the login shell of the account as a login shell; what its files print goes to stderr. The csh family takes -l alone
 * only, and closes what is open beside the three streams.
 */
const inLoginShell = (program: string): string => {
  const line = quotePosix(encodeLine(['exec 1>&4 4>&-', program].join('\n')))
  const files = ['/etc/csh.login', '~/.login'].map((file) => `if (-r ${file}) source ${file}; `).join('')
  return [
    `case ${SHELL} in`,
    `*csh) exec "$SHELL" -c ${quotePosix(files)}${quotePosix(encodeLine(program))};;`,
    'esac',
    'exec 4>&1 1>&2',
    `exec "${SHELL}" -l -c ${line}`,
  ].join('\n')
}

/**
 * An interactive login shell; in HOME where the directory is gone. There is no beat: a terminal hangs up by itself when its
 * line is gone, and what was put behind with nohup or disown lives on, as over any ssh. So HUP has to end us: what has the
 * terminal gets it when the leader of its session ends (termios, POSIX XBD 11.1.10).
 */
const wrapShell = (directory: string | undefined, nonce: string): string =>
  encodeLine(
    [
      ...opening(nonce),
      NEEDS_TERMINAL,
      ...(directory === undefined ? [] : [`cd ${quotePosix(directory)} 2>/dev/null`]),
      'say S',
      'exec 2>/dev/null',
      'trap : INT QUIT TERM',
      `( exec 2>&3 3>&-; exec "${SHELL}" -l )`,
      'r=$?',
      ...CLOSING,
    ].join('\n'),
  )
