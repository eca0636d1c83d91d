import {whyNoSshd} from '../../test/support/real-sshd.ts'
import type {Bench, Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {interleave, spreadOf, timeOf} from '../measure.ts'
import {sshdStage} from '../stage.ts'

/** With 10,000 workspaces and with 10; the connect finds its pass good and has to find out which workspace is meant. */
export const manyWorkspaces: Row = {
  name: 'many-workspaces',
  // Only a control plane that we play has that many, and only with an sshd there is something for it to lead to.
  measure: async (bench) =>
    whyNoSshd() === undefined ? [await manyAndFew(bench, ['list']), await manyAndFew(bench, ['connect', 'ws-1'])] : [],
}

const manyAndFew = async (bench: Bench, args: readonly string[]): Promise<Finding> => {
  const stage = await sshdStage(bench)
  const timed = (profile: string) => () => timeOf([...stage.runcode, ...args, '--profile', profile], stage)
  // The place is attached to what was connected last; a warm exec of another row is to find its master.
  const samples = await interleave({many: timed('many'), few: timed('few')}, bench.rounds)
  return {
    ...{what: `${args.join(' ')}, 10,000 workspaces`, against: '10 workspaces', unit: 'ms', judged: 'value'},
    ...{budget: 1000, ours: spreadOf(samples.many), theirs: spreadOf(samples.few)},
  }
}
