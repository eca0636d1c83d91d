import assert from 'node:assert/strict'
import {withBench} from '../../bench/bench.ts'
import {chartOf} from '../../bench/chart.ts'
import {type Finding, isWithin, resultOf} from '../../bench/finding.ts'
import {interleave, spreadOf, timeOf} from '../../bench/measure.ts'
import {jsonOf, tableOf} from '../../bench/table.ts'

const finding = (change: Partial<Finding>): Finding => ({
  ...{what: 'ours', against: 'theirs', unit: 'ms', ours: {p50: 60, p95: 80}, theirs: {p50: 45, p95: 50}},
  ...{judged: 'difference', budget: 20},
  ...change,
})

describe('the bench', () => {
  it('tells the middle and the slow end of samples, whatever their order', () => {
    assert.deepEqual(spreadOf([7]), {p50: 7, p95: 7})
    assert.deepEqual(spreadOf([4, 1, 3, 2]), {p50: 2, p95: 4})
    const hundred = Array.from({length: 100}, (_, at) => 100 - at)
    assert.deepEqual(spreadOf(hundred), {p50: 50, p95: 95})
    assert.throws(() => spreadOf([]), RangeError)
  })

  it('judges medians by their difference, their ratio, or alone', () => {
    for (const [change, value, within] of [
      [{}, 15, true],
      [{budget: 14.9}, 15, false],
      [{judged: 'ratio', budget: 1.5}, 60 / 45, true],
      [{judged: 'ratio', budget: 1.2}, 60 / 45, false],
      [{judged: 'value', budget: 60}, 60, true],
      [{judged: 'value', budget: undefined}, 60, undefined],
      [{judged: 'ratio', theirs: undefined}, Number.NaN, false],
    ] as const) {
      assert.deepEqual([resultOf(finding(change)), isWithin(finding(change))], [value, within])
    }
  })

  it('takes a sample of each side in turn, and leaves out the first round', async () => {
    const order: string[] = []
    const side = (name: string) => async () => order.push(name)
    assert.deepEqual(await interleave({a: side('a'), b: side('b')}, 2), {a: [3, 5], b: [4, 6]})
    assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b'])
  })

  it('times a program to its end, and fails where the program does', async () => {
    const place = {env: {}, cwd: '/'}
    assert.ok((await timeOf(['/bin/sh', '-c', 'sleep 0.05'], place)) >= 50)
    await assert.rejects(timeOf(['/bin/sh', '-c', 'echo why >&2; exit 3'], place), /ended with 3: why/)
  })

  it('prints one line for each finding, and says which is over its budget', () => {
    const lines = tableOf([finding({}), finding({budget: 10}), finding({judged: 'ratio', budget: 2})]).split('\n')
    assert.match(
      lines[1] ?? '',
      /^ours {2}60\.0 ms {2}80\.0 ms {2}theirs {3}45\.0 ms {2}50\.0 ms {2}\+15\.0 ms {2}\+20\.0 ms {2}yes$/,
    )
    assert.match(lines[2] ?? '', /\+15\.0 ms {2}\+10\.0 ms {2}NO$/)
    assert.match(lines[3] ?? '', / 1\.33 +2 +yes$/)
  })

  it('writes the same as JSON, and draws what is in ms', () => {
    const [first] = (jsonOf([finding({})]) as {findings: Record<string, unknown>[]}).findings
    assert.deepEqual([first?.['value'], first?.['within'], first?.['budget']], [15, true, 20])
    const chart = chartOf([finding({what: 'a < b'}), finding({unit: 'MB'})])
    assert.match(chart, /^<svg [^>]*viewBox="0 0 860 60"/)
    assert.match(chart, />a &lt; b<\/text>/)
    assert.equal(chart.split('font-weight="bold"').length - 1, 1)
  })

  it('undoes all that was set up, the last first, also where a row fails', async () => {
    const undone: string[] = []
    const run = withBench(1, async (bench) => {
      bench.atEnd(() => undone.push('first'))
      bench.atEnd(() => undone.push('second'))
      throw new Error('a row failed')
    })
    await assert.rejects(run, /a row failed/)
    assert.deepEqual(undone, ['second', 'first'])
  })
})
