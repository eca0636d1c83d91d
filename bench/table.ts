import {type Finding, isWithin, resultOf} from './finding.ts'
import type {Spread} from './measure.ts'

const HEAD = ['what', 'p50', 'p95', 'against', 'p50', 'p95', 'result', 'budget', 'within']

/** The findings as aligned text. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = [HEAD, ...findings.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** The findings as the object that --json writes. */
export const jsonOf = (findings: readonly Finding[]): unknown => ({
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
  findings: findings.map((finding) => ({
    ...finding,
    theirs: finding.theirs ?? null,
    budget: finding.budget ?? null,
    value: resultOf(finding),
    within: isWithin(finding) ?? null,
  })),
})

const cellsOf = (finding: Finding): readonly string[] => {
  const {what, against, unit, ours, theirs, judged, budget} = finding
  const sign = judged === 'difference' ? '+' : ''
  const limited = judged === 'ratio' ? '' : unit
  return [
    ...[what, ...spreadCells(ours, unit), against, ...spreadCells(theirs, unit)],
    judged === 'value' ? '' : `${resultOf(finding) < 0 ? '' : sign}${rounded(resultOf(finding), limited)}`,
    budget === undefined ? '' : `${sign}${rounded(budget, limited)}`,
    {true: 'yes', false: 'NO', undefined: ''}[`${isWithin(finding)}`],
  ]
}

const spreadCells = (spread: Spread | undefined, unit: Finding['unit']): readonly [string, string] =>
  spread === undefined ? ['', ''] : [rounded(spread.p50, unit), rounded(spread.p95, unit)]

/** Ratios with two places, times with one, counts with none. */
const rounded = (value: number, unit: Finding['unit']): string =>
  unit === '' ? String(Number(value.toFixed(2))) : `${value.toFixed(1)} ${unit}`
