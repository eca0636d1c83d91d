import type {Progress} from '../../actions/context.ts'
import {printable} from '../../core/printable.ts'
import {isOtherThanUtf8} from '../locale.ts'

/**
 * Shows steps on stderr: drawn by listr2 with the time that passed on a terminal, a line a step elsewhere, nothing when
 * quiet.
 */
export function createProgress({isQuiet}: {isQuiet: boolean}): Progress {
  if (isQuiet) return {step: (_title, work) => work(() => undefined)}
  const isTerminal = process.stderr.isTTY === true && process.stdout.isTTY === true
  return isTerminal && process.env['TERM'] !== 'dumb' && !isOtherThanUtf8(process.env) ? drawn : lines
}

const lines: Progress = {
  step: async (title, work) => {
    const began = performance.now()
    const result = await work(() => undefined)
    process.stderr.write(`${printable(title)}: done (${((performance.now() - began) / 1000).toFixed(1)}s)\n`)
    return result
  },
}

const drawn: Progress = {
  step: async <T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T> => {
    const {Listr, ListrLogger, PRESET_TIMER, ProcessOutput} = await import('listr2')
    const results: T[] = []
    const list = new Listr(
      [
        {
          title: printable(title),
          task: async (_context, task) => {
            results.push(
              await work((detail) => {
                task.output = printable(detail)
              }),
            )
          },
        },
      ],
      {
        // Its own handler would end the process with status 127.
        registerSignalListeners: false,
        // A failure is told once, by the command.
        rendererOptions: {
          timer: PRESET_TIMER,
          showErrorMessage: false,
          collapseErrors: false,
          logger: new ListrLogger({processOutput: new ProcessOutput(process.stderr, process.stderr)}),
        },
      },
    )
    await list.run()
    return results[0] as T
  },
}
