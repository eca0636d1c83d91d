import {GROUPS} from '../../doctor/check.ts'
import {CHECKS, type NamedFinding} from '../../doctor/examine.ts'
import {linesOfSsh, quotation} from '../ssh-words.ts'

const NAME_WIDTH = Math.max(...CHECKS.map(({name}) => name.length))

/** Findings as lines for a person: a group in which all is well is one line, unless everything is asked for. */
export const diagnosis = (findings: readonly NamedFinding[], {isVerbose}: {isVerbose: boolean}): readonly string[] =>
  GROUPS.flatMap((group) => {
    const names = CHECKS.filter((check) => check.group === group).map(({name}) => name)
    const own = findings.filter(({name}) => names.includes(name))
    const shown = isVerbose ? own : own.filter(({status}) => status === 'fail' || status === 'warn')
    return [
      `${group}: ${summary(own)}`,
      ...shown.flatMap((one) => [...linesOf(one), ...(isVerbose ? wordsOf(one) : [])]),
    ]
  })

const summary = (findings: readonly NamedFinding[]): string => {
  const count = (status: string): number => findings.filter((one) => one.status === status).length
  const [faults, warnings, skipped] = [count('fail'), count('warn'), count('skip')]
  if (skipped === findings.length) return `not checked: ${findings[0]?.detail ?? 'nothing to look at'}`
  const words = [
    ...(faults > 0 ? [`${faults} wrong`] : []),
    ...(warnings > 0 ? [`${warnings} to look at`] : []),
    ...(skipped > 0 ? [`${skipped} not checked`] : []),
  ]
  return faults + warnings === 0 ? ['well', ...words].join(', ') : words.join(', ')
}

const INDENT = `        ${''.padEnd(NAME_WIDTH)}  `

const linesOf = ({status, name, detail, hint}: NamedFinding): readonly string[] => [
  `  ${status.padEnd(4)}  ${name.padEnd(NAME_WIDTH)}  ${status === 'skip' ? 'not checked: ' : ''}${detail}`,
  ...(hint === undefined ? [] : [`${INDENT}${hint}`]),
]

const wordsOf = ({said}: NamedFinding): readonly string[] =>
  quotation(linesOfSsh(said)).map((line) => `${INDENT}${line}`)
