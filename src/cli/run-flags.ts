/** A flag of `exec` and `ssh`, as both ways of reading a command line need it. */
export interface RunFlag {
  /** `texts` can be given several times. */
  readonly kind: 'boolean' | 'text' | 'texts'
  readonly char?: 'n' | 't' | 'v' | 'w'
  readonly helpValue?: string
  readonly description: string
}

/**
 * The flags of `exec`; those of `ssh` are the same, with the workspace as an argument. oclif's flags and the short way's
 * parser are both made from this table.
 */
export const RUN_FLAGS = {
  profile: {kind: 'text', helpValue: '<name>', description: 'account to use, by the name of its profile'},
  workspace: {
    kind: 'text',
    char: 'w',
    helpValue: '<workspace>',
    description: 'another workspace than the attached one',
  },
  argv: {kind: 'boolean', description: 'the words are an argv, also a single one: what programs should say'},
  shell: {
    kind: 'boolean',
    description: 'the words are a line for the login shell, also several: they are joined by blanks',
  },
  script: {
    kind: 'text',
    helpValue: '<file>',
    description: 'send this program (- for stdin) and run it; the words are its arguments, its stdin is empty',
  },
  login: {kind: 'boolean', description: 'with the environment of a login shell, PATH included'},
  env: {
    kind: 'texts',
    helpValue: '<name=value>',
    description: "add a variable to the command's environment; can be given several times",
  },
  home: {kind: 'boolean', description: 'run in the home directory instead of the project directory'},
  cwd: {
    kind: 'text',
    helpValue: '<directory>',
    description: 'run in this directory; a relative one is below the project directory',
  },
  tty: {kind: 'boolean', char: 't', description: 'with a terminal on the workspace, where stdout and stderr are one'},
  'no-stdin': {kind: 'boolean', char: 'n', description: "leave our stdin alone: the command's is empty"},
  timeout: {
    kind: 'text',
    helpValue: '<duration>',
    description: 'the longest that the command may run, from its begin; then it is ended, and the status is 124',
  },
  'result-file': {
    kind: 'text',
    helpValue: '<file>',
    description: 'write how it ended into this file, as JSON, whichever way it ended',
  },
  json: {kind: 'boolean', description: 'capture the output and print one JSON object'},
  verbose: {kind: 'boolean', char: 'v', description: 'where ssh fails, show its own words as well'},
} as const satisfies Readonly<Record<string, RunFlag>>

export type RunFlagName = keyof typeof RUN_FLAGS
type ValueOf<Kind> = Kind extends 'boolean' ? boolean : Kind extends 'text' ? string : readonly string[]

/** What was given, as it was given: nothing is checked but its form. */
export type RunValues = {
  readonly [Name in RunFlagName]?: ValueOf<(typeof RUN_FLAGS)[Name]['kind']> | undefined
}

/** A command line of `exec` or `ssh`. */
export interface RunLine {
  readonly verb: 'exec' | 'ssh'
  readonly values: RunValues
  /** What is behind the two dashes; undefined where there are none. */
  readonly words: readonly string[] | undefined
}
