import type {Deadline} from '../core/deadline.ts'
import {run} from '../core/process.ts'
import {lastLine} from '../openssh/openssh-failed.ts'
import {findProgram} from '../openssh/programs.ts'

/** What `ssh -G` says about a host: the values of each option, or why it says nothing. */
export type SshAnswer =
  | {
      readonly options: ReadonlyMap<string, readonly string[]>
      /** What it complained of, and went on. */
      readonly complaints: readonly string[]
      readonly tookMs: number
    }
  | {readonly options: undefined; readonly why: string; readonly said: string}

/**
 * Asks ssh what it would do for a host by the words of a file alone, or by some lines of one before it; it runs the
 * user's own `Match exec` for that.
 */
export type AskSsh = (file: string, host: string, lines?: readonly string[]) => Promise<SshAnswer>

const LIMIT_MS = 10_000

/** Throws MissingProgramError. */
export async function createAskSsh(env: NodeJS.ProcessEnv, deadline: Deadline): Promise<AskSsh> {
  const program = await findProgram('ssh', env)
  return async (file, host, lines = []) => {
    const startMs = performance.now()
    const {signal} = deadline
    const {ending, stdout, stderr, timedOut} = await run(
      program,
      ['-G', '-F', file, ...lines.flatMap((line) => ['-o', line.trim()]), host],
      {
        ...{env, signal, timeoutMs: LIMIT_MS},
      },
    )
    if (timedOut || signal.aborted) return {options: undefined, why: 'it did not answer in time', said: stderr}
    if (ending.kind !== 'exited' || ending.code !== 0)
      return {options: undefined, why: reasonIn(stderr) ?? 'it says nothing', said: stderr}
    const complaints = stderr.split('\n').filter((line) => / line \d+: /.test(line))
    return {options: parse(stdout), complaints, tookMs: performance.now() - startMs}
  }
}

/** ssh names the line first and sums up last. */
const reasonIn = (stderr: string): string | undefined =>
  lastLine(stderr.split('\n').find((line) => /line \d+|owner|permission/i.test(line)) ?? '') ?? lastLine(stderr)

const parse = (stdout: string): ReadonlyMap<string, readonly string[]> => {
  const options = new Map<string, string[]>()
  for (const line of stdout.split('\n')) {
    const [, keyword, value = ''] = /^(\S+)(?: (.*))?$/.exec(line) ?? []
    if (keyword !== undefined) options.set(keyword, [...(options.get(keyword) ?? []), value])
  }
  return options
}
