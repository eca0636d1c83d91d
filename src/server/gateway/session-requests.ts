import type {PtyRequest} from '../runtime/runtime.ts'

const VARIABLE_NAME = /^(?:LANG|TERM|COLORTERM|LC_[A-Z0-9_]{1,40})$/
const TERM_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/

/** Whether a client may set this variable (RFC 4254 section 6.4): language and terminal only, no control characters. */
export const isAcceptedVariable = (name: string, value: string): boolean =>
  VARIABLE_NAME.test(name) && value.length <= 1024 && !/\p{Cc}/u.test(value)

/** The terminal of a `pty-req` (RFC 4254 section 6.2); undefined where its name is none. A client without TERM has a `dumb` one. */
export function parsePty({term, cols, rows}: {term: string; cols: number; rows: number}): PtyRequest | undefined {
  const name = term === '' ? 'dumb' : term
  return TERM_NAME.test(name) ? {term: name, ...parseSize({cols, rows})} : undefined
}

/** A size that a terminal can have: 16 bits each, and 80 by 24 for the zeros of a client that has no terminal itself. */
export const parseSize = ({cols, rows}: {cols: number; rows: number}): {columns: number; rows: number} => ({
  columns: cols === 0 ? 80 : Math.min(cols, 0xffff),
  rows: rows === 0 ? 24 : Math.min(rows, 0xffff),
})

/** The signals that SSH has names for (RFC 4254 section 6.10). */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  ABRT: 'SIGABRT',
  ALRM: 'SIGALRM',
  FPE: 'SIGFPE',
  HUP: 'SIGHUP',
  ILL: 'SIGILL',
  INT: 'SIGINT',
  KILL: 'SIGKILL',
  PIPE: 'SIGPIPE',
  QUIT: 'SIGQUIT',
  SEGV: 'SIGSEGV',
  TERM: 'SIGTERM',
  USR1: 'SIGUSR1',
  USR2: 'SIGUSR2',
}

/** The signal that a client may send to its command (RFC 4254 section 6.9), by its name without `SIG`. */
export const parseSignal = (name: string): NodeJS.Signals | undefined =>
  Object.hasOwn(SIGNALS, name) ? SIGNALS[name] : undefined

/** SSH's name of the signal that ended a process; undefined where SSH has none (`SIGBUS`, `SIGXCPU`). */
export const sshNameOf = (signal: NodeJS.Signals): string | undefined => {
  const name = signal.slice('SIG'.length)
  return Object.hasOwn(SIGNALS, name) ? name : undefined
}
