import {traceExec} from '../../test/support/warm-exec/trace.ts'
import type {Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {timeOf} from '../measure.ts'
import {usualStage} from '../stage.ts'

/** What a warm exec loads and starts, counted by a preload; docs/exec.md lists all that it does. */
export const warmExecCounts: Row = {
  name: 'warm-exec-counts',
  measure: async (bench) => {
    const stage = await usualStage(bench)
    // A pass that ran out meanwhile is renewed by the first.
    await timeOf([...stage.runcode, 'exec', '--', 'true'], stage)
    const lines = await traceExec(stage)
    return [
      counted('packages that a warm exec loads', lines.filter((line) => line.includes('/node_modules/')).length, 0),
      counted('processes that a warm exec starts', lines.filter((line) => line.startsWith('start ')).length, 2),
    ]
  },
}

const counted = (what: string, count: number, budget: number): Finding => ({
  ...{what, budget, against: '', unit: '', theirs: undefined, judged: 'value'},
  ours: {p50: count, p95: count},
})
