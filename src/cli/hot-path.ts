import {EXIT} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {createContext} from './create-context.ts'
import {failureOf, failureText} from './failure.ts'

/** The flags of `exec` that the short way knows; with any other one oclif takes over. */
const VALUE_FLAGS: Readonly<Record<string, 'workspace' | 'profile' | 'cwd'>> = {
  '--workspace': 'workspace',
  '-w': 'workspace',
  '--profile': 'profile',
  '--cwd': 'cwd',
}

export interface HotExec {
  readonly words: readonly string[]
  readonly workspace: string | undefined
  readonly profile: string | undefined
  readonly cwd: string | undefined
  readonly home: boolean
}

/**
 * `exec [--workspace x] [--profile x] [--cwd x] [--home] -- words…` read without oclif, which costs as much as the whole
 * rest; undefined for everything else, help and mistakes included.
 */
export function parseHotExec(argv: readonly string[]): HotExec | undefined {
  const end = argv.indexOf('--')
  if (argv[0] !== 'exec' || end === -1) return undefined
  const values: {workspace?: string; profile?: string; cwd?: string} = {}
  let home = false
  for (let at = 1; at < end; at += 1) {
    const name = VALUE_FLAGS[argv[at] ?? '']
    const value = argv[at + 1]
    if (argv[at] === '--home') {
      home = true
    } else if (
      name !== undefined &&
      values[name] === undefined &&
      at + 1 < end &&
      value !== undefined &&
      !value.startsWith('-')
    ) {
      values[name] = value
      at += 1
    } else {
      return undefined
    }
  }
  return {words: argv.slice(end + 1), workspace: values.workspace, profile: values.profile, cwd: values.cwd, home}
}

/** Runs `exec` the short way and sets the exit status; false where the command line is for oclif. */
export async function runHotPath(argv: readonly string[]): Promise<boolean> {
  const input = parseHotExec(argv)
  if (input === undefined) return false
  try {
    const {exec} = await import('../actions/exec.ts')
    const {parseRemoteWords} = await import('../remote-command/remote-words.ts')
    const context = createContext({
      progress: {step: (_title, work) => work(() => undefined)},
      warn: (message) => void process.stderr.write(`warning: ${printable(message)}\n`),
    })
    const {words, workspace, profile, home, cwd} = input
    const {result} = await exec(
      context,
      {
        ...{
          workspace,
          profile,
          home,
          cwd,
          variables: [],
          isLogin: false,
          hasTerminal: false,
          timeoutSeconds: undefined,
        },
        words: parseRemoteWords(words, 'guess'),
        stdin: 'inherit',
        stdout: 'inherit',
        stderr: (chunk) => new Promise((resolve) => process.stderr.write(chunk, () => resolve())),
      },
      {phase: 'resolve', started: false},
    )
    process.exitCode = result.exitCode
  } catch (error) {
    const failure = failureOf(error)
    process.stderr.write(failureText(failure))
    process.exitCode = failure.code === 'interrupted' ? failure.exit : EXIT.notTheCommands
  }
  return true
}
