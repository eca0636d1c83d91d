import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {withBench} from '../../bench/bench.ts'
import {execWarm} from '../../bench/rows/exec-warm.ts'
import {usualStage} from '../../bench/stage.ts'
import {ROOT} from '../house/source-tree.ts'
import {traceExec} from '../support/warm-exec/trace.ts'

/** The block under the heading on the page. */
const listed = (): readonly string[] => {
  const heading = '## What a warm exec does\n'
  const pages = ['docs/exec.md', 'docs/exec-warm.md'].map((path) => join(ROOT, path)).filter(existsSync)
  const page = pages.map((path) => readFileSync(path, 'utf8')).find((text) => text.includes(heading)) ?? ''
  return page.split(heading)[1]?.split('```')[1]?.trim().split('\n').slice(1) ?? []
}

describe('a warm exec', function () {
  this.timeout(120_000)
  // Where the machine is so busy that the master does not answer in its 300 ms, an exec is not warm.
  this.retries(2)

  it('does what the page lists and nothing else, and can be measured', async () => {
    await withBench(1, async (bench) => {
      const stage = await usualStage(bench)
      assert.deepEqual(await traceExec(stage), listed())
      const [finding] = await execWarm.measure(bench)
      assert.ok(finding !== undefined && finding.ours.p50 > 0 && (finding.theirs?.p50 ?? 0) > 0)
    })
  })
})
