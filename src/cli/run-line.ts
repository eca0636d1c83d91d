import {type ExecInput, type ExecResult, exec, type RunTrace} from '../actions/exec.ts'
import {messageOf, RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {Sink} from '../remote-command/pass-on.ts'
import {parseScript} from '../remote-command/remote-words.ts'
import {createContext} from './create-context.ts'
import {descriptorSink} from './descriptor-sink.ts'
import {failureOf, failureText, stackText} from './failure.ts'
import {OutputCapture} from './output-capture.ts'
import {readProgram} from './read-program.ts'
import {openResultFile} from './result-file.ts'
import type {RunLine} from './run-flags.ts'
import {readRunInput} from './run-input.ts'
import {exitOfFailure, factsOfFailure, factsOfResult, type RunFacts, workspaceFacts} from './run-report.ts'
import {standardError} from './standard-error.ts'

/** What a command writes cannot be passed on, which ended it. */
class OutputLostError extends RuncodeError {
  constructor(cause: unknown) {
    super(`Could not write the output: ${messageOf(cause)}`, {
      code: 'file_error',
      hint: 'The command had begun, and was ended there: look at what it did before you run it again.',
      cause,
    })
  }
}

/**
 * Runs a command line of `exec`, or of `ssh` with a command, whichever way it was read, and sets the exit status: the
 * remote command's own, or 125. Its output goes where ours goes, or with `--json` into the one object. Never throws.
 */
export async function runLine(line: RunLine): Promise<void> {
  const {json: isJson = false, verbose: isVerbose = false, 'result-file': resultFile} = line.values
  const trace: RunTrace = {phase: 'resolve', started: false}
  const warnings: string[] = []
  const warn = (message: string): void => {
    warnings.push(message)
    if (!isJson) standardError().write(`warning: ${printable(message)}\n`)
  }
  const captured = isJson ? {stdout: new OutputCapture('stdout'), stderr: new OutputCapture('stderr')} : undefined
  // Of the process, which is the run; the clock of perf_hooks is one more module to load.
  const durationMs = (): number => Math.round(process.uptime() * 1000)
  let keep: (result: object) => Promise<void> = async () => undefined
  let tell = (): void => undefined
  let facts: RunFacts
  try {
    if (resultFile !== undefined) keep = await openResultFile(resultFile)
    const done = await run(line, captured, trace, warn)
    facts = factsOfResult(done, trace, durationMs())
    process.exitCode = done.result.exitCode
  } catch (error) {
    const failure = failureOf(error, {isVerbose})
    facts = factsOfFailure(failure, error, trace, durationMs())
    process.exitCode = exitOfFailure(failure)
    tell = () => {
      if (!isJson) standardError().write(failureText(failure))
      standardError().write(stackText(failure, error))
    }
  }
  // First of all: whoever does not read what we say would hold it up.
  await keep({...facts, warnings}).catch((error: unknown) => warn(messageOf(error)))
  if (captured !== undefined) {
    const output = trace.started === false ? {} : outputOf(captured)
    process.stdout.write(`${JSON.stringify({...facts, ...output, warnings}, undefined, 2)}\n`)
  }
  tell()
}

interface Captured {
  readonly stdout: OutputCapture
  readonly stderr: OutputCapture
}

const outputOf = ({stdout, stderr}: Captured): RunFacts => ({
  ...stdout.json(),
  ...stderr.json(),
  truncated: stdout.isTruncated || stderr.isTruncated,
})

const run = async (
  line: RunLine,
  captured: Captured | undefined,
  trace: RunTrace,
  warn: (message: string) => void,
): Promise<ExecResult> => {
  const {command, ...input} = readRunInput(line)
  const context = createContext({progress: {step: (_title, work) => work(() => undefined)}, warn})
  const words =
    command.kind === 'words'
      ? command.words
      : parseScript(await readProgram(command.file, context.interrupted), command.argv)
  let lost: OutputLostError | undefined
  const fail = (error: unknown): void => {
    lost = new OutputLostError(error)
  }
  const done = await exec(context, {...input, words, ...streamsOf(captured, fail)}, trace)
  if (lost === undefined) return done
  // What of it was read would be taken for all.
  lost.tell(workspaceFacts(done))
  throw lost
}

const streamsOf = (
  captured: Captured | undefined,
  fail: (error: unknown) => void,
): Pick<ExecInput, 'stdout' | 'stderr'> => {
  if (captured === undefined) return {stdout: descriptorSink('stdout', fail), stderr: descriptorSink('stderr')}
  const into =
    (capture: OutputCapture): Sink =>
    (chunk) => {
      capture.add(chunk)
      return undefined
    }
  return {stdout: into(captured.stdout), stderr: into(captured.stderr)}
}
