import type {Spread} from './measure.ts'

/** One line of the table. */
export interface Finding {
  readonly what: string
  /** With what it is compared; `''` where with nothing. */
  readonly against: string
  readonly unit: 'ms' | 'MB' | ''
  readonly ours: Spread
  readonly theirs: Spread | undefined
  /** What the budget limits: ours alone, ours less theirs, or ours by theirs; of the medians. */
  readonly judged: 'value' | 'difference' | 'ratio'
  /** At most; undefined where the number is only told. */
  readonly budget: number | undefined
}

/** The number that the budget limits. */
export function resultOf({ours, theirs, judged}: Finding): number {
  if (judged === 'difference') return ours.p50 - (theirs?.p50 ?? 0)
  return judged === 'ratio' ? ours.p50 / (theirs?.p50 ?? Number.NaN) : ours.p50
}

/** Undefined where there is no budget. A number that could not be had is within none. */
export const isWithin = (finding: Finding): boolean | undefined =>
  finding.budget === undefined ? undefined : resultOf(finding) <= finding.budget
