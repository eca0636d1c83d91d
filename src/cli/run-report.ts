import {type ExecResult, type RunTrace, traceFacts} from '../actions/exec.ts'
import {EXIT, type Facts, RuncodeError} from '../core/errors.ts'
import {type Failure, failureJson} from './failure.ts'

/** What is told of a run in JSON, but for its output and our warnings. */
export type RunFacts = Readonly<Record<string, unknown>>

/** Where it ran, and why there. */
export const workspaceFacts = ({session, chosen}: Pick<ExecResult, 'session' | 'chosen'>): Facts => ({
  workspace: {id: session.workspaceId, title: session.title},
  profile: session.account,
  chosen_by: chosen.why,
  // The tree whose attachment chose it; null where it was named.
  attached_to: chosen.why === 'attachment' ? chosen.attachment.tree : null,
})

/** Of one whose status is that of the command, or that of our time limit, or of a signal to us. */
export const factsOfResult = (
  {session, chosen, result}: ExecResult,
  trace: RunTrace,
  durationMs: number,
): RunFacts => ({
  ...workspaceFacts({session, chosen}),
  ...traceFacts(trace),
  exit_code: result.exitCode,
  signal: result.signal ?? null,
  ended_by: result.endedBy,
  duration_ms: durationMs,
})

/** Of one that has no status of the command. Where it may have begun, nobody should try again without a look. */
export const factsOfFailure = (failure: Failure, error: unknown, trace: RunTrace, durationMs: number): RunFacts => ({
  ...failureJson({
    ...failure,
    retryable: failure.retryable && trace.started === false,
    facts: error instanceof RuncodeError ? error.facts : {},
  }),
  ...traceFacts(trace),
  duration_ms: durationMs,
})

/** The exit status of a failure of `exec` or `ssh`, where any other is the remote command's own. */
export const exitOfFailure = ({code, exit}: Failure): number => (code === 'interrupted' ? exit : EXIT.notTheCommands)
