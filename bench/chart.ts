import {type Finding, isWithin, resultOf} from './finding.ts'

const [WIDTH, LEFT, BAR, GAP] = [860, 330, 12, 18]
const COLOURS = {ours: '#2f6f9f', theirs: '#b8c4cc', text: '#24292f', ground: '#ffffff', over: '#b3261e'}

/** The findings in ms as a chart of medians: ours over what it is compared with, a stroke at each p95. */
export function chartOf(findings: readonly Finding[]): string {
  const shown = findings.filter(({unit}) => unit === 'ms')
  const longest = Math.max(1, ...shown.flatMap(({ours, theirs}) => [ours.p95, theirs?.p95 ?? 0]))
  const scale = (WIDTH - LEFT - 130) / longest
  const height = shown.length * (2 * BAR + GAP) + GAP
  const groups = shown.map((finding, at) => groupOf(finding, GAP + at * (2 * BAR + GAP), scale))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">\n`,
    '<title>Medians in ms: ours, and what it is compared with</title>\n',
    `<rect width="${WIDTH}" height="${height}" fill="${COLOURS.ground}"/>\n`,
    ...groups,
    '</svg>\n',
  ].join('')
}

const groupOf = (finding: Finding, top: number, scale: number): string => {
  const {what, against, ours, theirs} = finding
  const colour = isWithin(finding) === false ? COLOURS.over : COLOURS.text
  const words =
    theirs === undefined ? `${ours.p50.toFixed(0)} ms` : `${ours.p50.toFixed(0)} / ${theirs.p50.toFixed(0)} ms`
  const end = LEFT + Math.max(ours.p95, theirs?.p95 ?? 0) * scale + 6
  const result = finding.judged === 'ratio' ? `, ${resultOf(finding).toFixed(2)}` : ''
  return [
    label(what, top + BAR - 2, 'bold'),
    label(against, top + 2 * BAR - 1, 'normal'),
    bar(ours, top, COLOURS.ours, scale),
    theirs === undefined ? '' : bar(theirs, top + BAR, COLOURS.theirs, scale),
    `<text x="${end.toFixed(1)}" y="${top + BAR + 4}" fill="${colour}">${words}${result}</text>\n`,
  ].join('')
}

const label = (text: string, y: number, weight: string): string =>
  `<text x="${LEFT - 8}" y="${y}" text-anchor="end" font-weight="${weight}" fill="${COLOURS.text}">${escaped(text)}</text>\n`

const bar = ({p50, p95}: Finding['ours'], y: number, colour: string, scale: number): string =>
  [
    `<rect x="${LEFT}" y="${y}" width="${(p50 * scale).toFixed(1)}" height="${BAR - 2}" fill="${colour}"/>\n`,
    `<line x1="${(LEFT + p95 * scale).toFixed(1)}" x2="${(LEFT + p95 * scale).toFixed(1)}" y1="${y}" y2="${y + BAR - 2}" stroke="${colour}" stroke-width="2"/>\n`,
  ].join('')

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
