import type {Bench, Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {interleave, spreadOf, timeOf} from '../measure.ts'
import {type Stage, serverStage, usualStage} from '../stage.ts'

/** `exec` over an open connection, and what nobody can go without: ssh on the same master, and a start of Node. */
export const execWarm: Row = {
  name: 'exec-warm',
  measure: async (bench) => [await warm(bench, await usualStage(bench))],
}

/** The same through the gateway of our own server. */
export const execGateway: Row = {
  name: 'exec-gateway',
  measure: async (bench) => [await warm(bench, await serverStage(bench))],
}

/** A warm exec, and plain ssh over a connection of its own. */
export const execCold: Row = {
  name: 'exec-cold',
  measure: async (bench) => {
    const stage = await usualStage(bench)
    const samples = await interleave(
      {
        ours: () => timeOf([...stage.runcode, 'exec', '--', 'true'], stage),
        cold: () => timeOf([...stage.cold, 'true'], stage),
      },
      bench.rounds,
    )
    return [
      {
        what: 'exec -- true, warm',
        against: `ssh, cold (${stage.gateway})`,
        unit: 'ms',
        ours: spreadOf(samples.ours),
        theirs: spreadOf(samples.cold),
        judged: 'ratio',
        budget: 0.35,
      },
    ]
  },
}

const warm = async (bench: Bench, stage: Stage): Promise<Finding> => {
  const samples = await interleave(
    {
      ours: () => timeOf([...stage.runcode, 'exec', '--', 'true'], stage),
      ssh: () => timeOf([...stage.ssh, 'true'], stage),
      empty: () => timeOf(bench.empty, stage),
    },
    bench.rounds,
  )
  return {
    what: 'exec -- true, warm',
    against: `ssh on the same master + empty program (${stage.gateway})`,
    unit: 'ms',
    ours: spreadOf(samples.ours),
    theirs: spreadOf(samples.ssh.map((ssh, at) => ssh + (samples.empty[at] ?? Number.NaN))),
    judged: 'difference',
    budget: 20,
  }
}
