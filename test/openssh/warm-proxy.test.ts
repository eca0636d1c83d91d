import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {withBench} from '../../bench/bench.ts'
import {managedStage} from '../../bench/managed-stage.ts'
import {ROOT} from '../house/source-tree.ts'
import {traceProxy} from '../support/warm-exec/trace.ts'

/** The first block under the heading on the page. */
const listed = (): readonly string[] => {
  const [, text = ''] = readFileSync(join(ROOT, 'docs/managed-hosts.md'), 'utf8').split('## What a connect reads\n')
  return text.split('```')[1]?.trim().split('\n').slice(1) ?? []
}

describe('the proxy of a managed host with a good pass', function () {
  this.timeout(60_000)

  it('does what the page lists and nothing else, handed over or relayed', async () => {
    await withBench(1, async (bench) => {
      const stage = await managedStage(bench)
      assert.deepEqual(await traceProxy(stage, stage.handedOver), listed())
      assert.deepEqual(await traceProxy(stage, stage.relayed), listed())
    })
  })
})
