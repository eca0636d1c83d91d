import type {Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {managedStage} from '../managed-stage.ts'
import {interleave, spreadOf, timeOf} from '../measure.ts'

const SIZE_MB = 300
/** Each sample takes seconds; no cache or start-up is to be waited for. */
const LARGEST_ROUNDS = 10

/** Bytes both ways to a managed host, and over a connection of ssh's own. The budget is 0.9 of that throughput. */
export const proxyCarry: Row = {
  name: 'proxy-carry',
  measure: async (bench) => {
    const stage = await managedStage(bench)
    const rounds = Math.min(bench.rounds, LARGEST_ROUNDS)
    const findings: Finding[] = []
    for (const [way, carry] of [
      ['from', from],
      ['to', to],
    ] as const) {
      const {handedOver, relayed, direct} = await interleave(
        {
          handedOver: () => timeOf(carry(stage.handedOver), stage),
          relayed: () => timeOf(carry(stage.relayed), stage),
          direct: () => timeOf(carry(stage.direct), stage),
        },
        rounds,
      )
      const what = `${SIZE_MB} MB ${way} runcode.<name>`
      const rest = {
        against: `direct ssh (${stage.gateway})`,
        theirs: spreadOf(direct),
        unit: 'ms',
        judged: 'ratio',
      } as const
      findings.push(
        {what, ours: spreadOf(handedOver), budget: 1 / 0.9, ...rest},
        {what: `${what}, relayed`, ours: spreadOf(relayed), budget: undefined, ...rest},
      )
    }
    return findings
  },
}

const from = (ssh: readonly string[]): readonly string[] => [
  ...['sh', '-c', 'exec "$@" >/dev/null', 'sh', ...ssh],
  `head -c ${SIZE_MB}000000 /dev/zero`,
]

const to = (ssh: readonly string[]): readonly string[] => [
  ...['sh', '-c', `head -c ${SIZE_MB}000000 /dev/zero | "$@"`, 'sh', ...ssh],
  'cat >/dev/null',
]
