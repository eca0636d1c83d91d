import type {Row} from '../bench.ts'
import {managedStage} from '../managed-stage.ts'
import {interleave, spreadOf, timeOf} from '../measure.ts'

/** `ssh` to a managed host with a good pass, and what nobody can go without: a cold ssh, and a start of Node. */
export const proxyStart: Row = {
  name: 'proxy-start',
  measure: async (bench) => {
    const stage = await managedStage(bench)
    const samples = await interleave(
      {
        handedOver: () => timeOf([...stage.handedOver, 'true'], stage),
        relayed: () => timeOf([...stage.relayed, 'true'], stage),
        direct: () => timeOf([...stage.direct, 'true'], stage),
        empty: () => timeOf(bench.empty, stage),
      },
      bench.rounds,
    )
    const theirs = spreadOf(samples.direct.map((direct, at) => direct + (samples.empty[at] ?? Number.NaN)))
    const against = `ssh, cold + empty program (${stage.gateway})`
    const rest = {against, theirs, unit: 'ms', judged: 'difference', budget: 20} as const
    return [
      {what: 'ssh runcode.<name> true', ours: spreadOf(samples.handedOver), ...rest},
      {what: 'the same, relayed', ours: spreadOf(samples.relayed), ...rest, budget: undefined},
    ]
  },
}
