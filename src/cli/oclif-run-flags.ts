import {Flags, type Interfaces} from '@oclif/core'
import {RUN_FLAGS, type RunFlag, type RunFlagName} from './run-flags.ts'

/** The table of flags as oclif wants it, without some. */
export const oclifRunFlags = (...without: readonly RunFlagName[]): Interfaces.FlagInput =>
  Object.fromEntries(
    Object.entries(RUN_FLAGS)
      .filter(([name]) => !without.some((one) => one === name))
      .map(([name, flag]) => [name, oclifFlag(flag)]),
  )

const oclifFlag = ({kind, ...words}: RunFlag) => {
  if (kind === 'boolean') return Flags.boolean(words)
  // Greedy, it would take an argument that follows for one more value.
  return kind === 'text' ? Flags.string(words) : Flags.string({...words, multiple: true, multipleNonGreedy: true})
}
