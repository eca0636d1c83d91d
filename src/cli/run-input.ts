import type {ExecInput} from '../actions/exec.ts'
import {parseDuration} from '../core/duration.ts'
import {isCarriable, parseRemoteWords, type RemoteWords} from '../remote-command/remote-words.ts'
import {InvalidDurationError} from './invalid-duration.ts'
import type {RunFlagName, RunLine, RunValues} from './run-flags.ts'
import {
  ContradictingFlagsError,
  InvalidVariableError,
  NotForShellError,
  TooLongTimeoutError,
  UncarriableFlagError,
} from './run-refusals.ts'

/** What a command line asks for; a program that is to be sent along is not read yet. */
export interface RunInput extends Omit<ExecInput, 'words' | 'stdout' | 'stderr'> {
  readonly command:
    | {readonly kind: 'words'; readonly words: RemoteWords}
    | {readonly kind: 'script'; readonly file: string; readonly argv: readonly string[]}
  readonly isJson: boolean
  readonly isVerbose: boolean
}

const LONGEST_SECONDS = 24 * 86_400

/** Throws every refusal of a command line whose form is right, whichever way it was read. */
export function readRunInput({verb, values, words}: RunLine): RunInput {
  refuseUncarriable(values)
  refuseContradictions(values)
  if (verb === 'ssh' && words === undefined && values.script === undefined) {
    const [flag] = flagsNotForShell(values)
    if (flag !== undefined) throw new NotForShellError(flag)
  }
  const {workspace, profile, cwd, script, env = []} = values
  return {
    ...{workspace, profile, cwd},
    home: values.home === true,
    command:
      script === undefined
        ? {kind: 'words', words: parseRemoteWords(words ?? [], values.argv ? 'argv' : values.shell ? 'shell' : 'guess')}
        : {kind: 'script', file: script, argv: words ?? []},
    variables: env.map(variableOf),
    isLogin: values.login === true,
    hasTerminal: values.tty === true,
    stdin: values['no-stdin'] ? 'ignore' : 'inherit',
    timeoutSeconds: values.timeout === undefined ? undefined : secondsOf(values.timeout),
    isJson: values.json === true,
    isVerbose: values.verbose === true,
  }
}

/** The flags among these that need a command. */
export const flagsNotForShell = (values: RunValues): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === false || FOR_SHELL.some((one) => one === name) ? [] : [name],
  )
const FOR_SHELL: readonly RunFlagName[] = ['workspace', 'profile', 'tty', 'verbose']

const refuseUncarriable = (values: RunValues): void => {
  for (const [name, value] of Object.entries(values)) {
    if ([value].flat().some((one) => typeof one === 'string' && !isCarriable(one))) throw new UncarriableFlagError(name)
  }
}

const refuseContradictions = ({argv, shell, script, tty, json, 'no-stdin': noStdin}: RunValues): void => {
  if (argv && shell) throw new ContradictingFlagsError('--argv', '--shell', 'Leave one of them out.')
  if (script !== undefined && (argv || shell)) {
    const hint = 'The words behind --script are arguments of the program; leave the other one out.'
    throw new ContradictingFlagsError('--script', argv ? '--argv' : '--shell', hint)
  }
  if (script !== undefined && tty) {
    const hint = 'A program is sent on stdin, where a terminal has its keys. Put it on the workspace first.'
    throw new ContradictingFlagsError('--script', '--tty', hint)
  }
  if (tty && json) {
    throw new ContradictingFlagsError('--tty', '--json', 'What a terminal shows is for people; leave one of them out.')
  }
  if (script === '-' && noStdin) {
    throw new ContradictingFlagsError('--script -', '--no-stdin', 'The program comes on stdin; leave one of them out.')
  }
}

/** The value is exactly what is behind the first `=`. A name is one of POSIX (XBD 3.216). */
const variableOf = (text: string, at: number): readonly [string, string] => {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidVariableError(at + 1)
  return [name, value]
}

const secondsOf = (text: string): number => {
  const seconds = parseDuration(text)
  if (seconds === undefined) throw new InvalidDurationError(text, '--timeout')
  if (seconds > LONGEST_SECONDS) throw new TooLongTimeoutError(text)
  return seconds
}
