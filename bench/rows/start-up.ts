import type {Bench, Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {interleave, spreadOf, timeOf} from '../measure.ts'
import {usualStage} from '../stage.ts'

/** What oclif and we add to a start of Node. */
export const startUp: Row = {
  name: 'start-up',
  measure: async (bench) => [
    await overEmpty(bench, ['--help'], 150),
    await overEmpty(bench, ['status'], 150),
    await overEmpty(bench, ['list'], 300),
  ],
}

const overEmpty = async (bench: Bench, args: readonly string[], budget: number): Promise<Finding> => {
  const stage = await usualStage(bench)
  const samples = await interleave(
    {ours: () => timeOf([...stage.runcode, ...args], stage), empty: () => timeOf(bench.empty, stage)},
    bench.rounds,
  )
  return {
    ...{what: args.join(' '), against: 'empty program', unit: 'ms', judged: 'difference', budget},
    ...{ours: spreadOf(samples.ours), theirs: spreadOf(samples.empty)},
  }
}
