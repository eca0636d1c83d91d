import {RuncodeError} from '../core/errors.ts'
import {beat, isFull} from './beat.ts'
import {encodeLine} from './encode-line.ts'
import {inLoginShell, SHELL} from './login-shell.ts'
import {quotePosix} from './quote-posix.ts'
import {isCarriable, type RemoteWords} from './remote-words.ts'
import {interpreterOf} from './script-interpreter.ts'

/** Linux takes one word of at most 131,071 bytes (execve(2), MAX_ARG_STRLEN), here and on the workspace. */
const LONGEST_BYTES = 131_071
/** Where the far side keeps such files, in the words of its shell. */
const TMPDIR = `\${TMPDIR:-/tmp}`
/** Between two tries to say the end. */
const AGAIN_SECONDS = 0.1

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

/** A directory, or the value of a variable, holds what no command line can carry. */
export class UncarriableValueError extends RuncodeError {
  constructor(what: string) {
    super(`The ${what} cannot be carried: it holds a zero byte or is not UTF-8.`, {
      code: 'usage',
      hint: 'Send such data on stdin.',
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
  /** What the wrapper says goes with stderr, and stdout is the command's alone. Absent: it goes with stdout. */
  readonly saysOnStderr?: true
}

/**
 * The line to give to ssh: a POSIX program that goes to the directory, says that the command begins, runs it, says how it
 * ended, and ends the same way. What it says stands on stdout, between two record separators (U+001E) behind a nonce that
 * is new for each call (see StatusReader). The shell's own stderr is on the null device meanwhile, or it would say
 * "Killed" beside the command. While the command runs a beat goes the same way; when nobody takes it any more, because the
 * channel was closed, the command is ended (see beat): sshd closes stdout for a client of a master that is gone, and
 * holds stderr. A task that says on stderr has to notice by itself, as whoever writes to stdout does. With a terminal, where the far side gave none, nothing is run. Throws TooLongCommandError, UncarriableValueError.
 */
export function wrapCommand(task: RemoteTask, nonce: string, {hasTerminal} = {hasTerminal: false}): string {
  const {words, directory, isLogin} = task
  refuseUncarriable(task)
  if (words.kind === 'shell') return wrapShell(directory, nonce)
  const isScript = words.kind === 'script'
  const program = [
    LEAD_GROUP,
    ...opening(nonce, task.saysOnStderr === true ? 2 : 1),
    ...(hasTerminal ? [NEEDS_TERMINAL] : []),
    goTo(directory),
    ...(isScript ? receive(words.program) : []),
    'say S',
    'exec 2>/dev/null',
    "trap '' INT QUIT TERM HUP PIPE TTOU",
    isFull(nonce, hasTerminal),
    beat({hasFile: isScript, hasTerminal}),
    // What it runs gets these signals as they were; we outlive them to say how it ended, also where it signals its group.
    'trap : INT QUIT TERM HUP; trap - PIPE TTOU',
    `( exec 2>&4 3>&- 4>&-; exec ${commandOf(words, task.variables)} )${isScript ? ' </dev/null' : ''}`,
    'r=$?',
    ...(isScript ? ['rm -f "$t"'] : []),
    ...CLOSING,
    // Where nobody hears it the stream is full; or the channel is gone, and the beat ends us and what the command left behind.
    `until say E "$r" "$n"; do kill -0 "$!" || break; sleep ${AGAIN_SECONDS} 3>&- || sleep 1 3>&-; done`,
    'kill -KILL "$!"',
    'exit "$r"',
  ].join('\n')
  const line = encodeLine(isLogin ? inLoginShell(program) : program)
  if (line.length > LONGEST_BYTES) throw new TooLongCommandError(line.length)
  return line
}

const opening = (nonce: string, descriptor: 1 | 2): readonly string[] => [
  `exec 3>&${descriptor} 4>&2`,
  `say() { printf '\\036${nonce} %s\\036' "$*" >&3; }`,
]
const NEEDS_TERMINAL = '[ -t 3 ] || { say T; exit 125; }'
const CLOSING = [
  // ksh tells a death by signal as 256 and its number.
  '[ "$r" -gt 255 ] && r=$((r - 128))',
  'n=',
  '[ "$r" -gt 128 ] && n=$(kill -l "$r")',
  // With `stty tostop` the terminal stops who writes to it while another group has it, unless it ignores that.
  "trap '' TTOU PIPE",
]

const refuseUncarriable = ({directory = '', variables}: RemoteTask): void => {
  if (!isCarriable(directory)) throw new UncarriableValueError('directory')
  const bad = variables.find(([, value]) => !isCarriable(value))
  if (bad !== undefined) throw new UncarriableValueError(`value of ${bad[0]}`)
}

/**
 * No "--" before the group: busybox does not know it, and to dash it is one more pid.
 * Our pid must name a process group, or there is none to end. sshd, and our gateway, start a command as the leader of one;
 * a gateway that does not may have setsid, which goes on with the same pid.
 */
const LEAD_GROUP = `[ "$#" -gt 1 ] || kill -0 "-$$" 2>/dev/null || ! command -v setsid >/dev/null ||
exec setsid sh -c 'eval "\`printf %b "$1"\`"' sh "$1" tried`

/** From HOME, since a shell's own files may have gone elsewhere; never from where CDPATH or a leading dash would lead. */
const goTo = (directory: string | undefined): string => {
  if (directory === undefined) return 'cd "$HOME" 2>/dev/null'
  const path = directory.startsWith('/') ? quotePosix(directory) : `"\${HOME:-.}"/${quotePosix(directory)}`
  return `cd ${path} 2>/dev/null || { say D; exit 125; }`
}

/** The whole of a program from stdin, into a file of its own: a part of one must never run. */
const receive = (program: Buffer): readonly string[] => [
  // Where it comes from the environment it would go on to the program.
  'unset t',
  'trap \'rm -f "$t"; exit 125\' INT TERM HUP',
  `t=$(mktemp "${TMPDIR}/runcode.XXXXXX") && cat >"$t" && chmod 700 "$t" &&`,
  `[ "$(($(wc -c <"$t")))" -eq ${program.length} ] || { rm -f "$t"; say P; exit 125; }`,
]

type Command = Exclude<RemoteWords, {kind: 'shell'}>

/** A simple command of POSIX sh. */
const commandOf = (words: Command, variables: RemoteTask['variables']): string => {
  const assigned = variables.map(([name, value]) => quotePosix(`${name}=${value}`))
  // Not by the shell itself, which keeps some names (OPTIND, PPID) for its own.
  const surroundings = assigned.length === 0 ? [] : ['env', ...assigned]
  return [...surroundings, ...wordsOf(words)].join(' ')
}

const wordsOf = (words: Command): readonly string[] => {
  if (words.kind === 'line') return [`"${SHELL}"`, '-c', quotePosix(words.line)]
  const argv = words.argv.map(quotePosix)
  if (words.kind === 'script') return [...interpreterOf(words.program).map(quotePosix), '"$t"', ...argv]
  // env would take the first word for a variable, exec for an option.
  return /^-|=/.test(words.argv[0] ?? '') ? ['sh', '-c', '\'"$@"\'', 'sh', ...argv] : argv
}

/**
 * An interactive login shell; in HOME where the directory is gone. There is no beat: a terminal hangs up by itself when its
 * line is gone, and what was put behind with nohup or disown lives on, as over any ssh. So HUP has to end us: what has the
 * terminal gets it when the leader of its session ends (termios, POSIX XBD 11.1.10).
 */
const wrapShell = (directory: string | undefined, nonce: string): string =>
  encodeLine(
    [
      ...opening(nonce, 1),
      NEEDS_TERMINAL,
      ...(directory === undefined ? [] : [`cd ${quotePosix(directory)} 2>/dev/null`]),
      'say S',
      'exec 2>/dev/null',
      'trap : INT QUIT TERM',
      `( exec 2>&4 3>&- 4>&-; exec "${SHELL}" -l )`,
      'r=$?',
      ...CLOSING,
      'say E "$r" "$n"',
      'exit "$r"',
    ].join('\n'),
  )
