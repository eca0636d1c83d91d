import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import type {Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {type ManagedStage, managedStage} from '../managed-stage.ts'

const COUNT = 10

/** What the proxies of ten open connections take: none is left of those that handed over. */
export const proxyMemory: Row = {
  name: 'proxy-memory',
  measure: async (bench) => {
    const stage = await managedStage(bench)
    return [
      told(`${COUNT} connections, handed over`, await memoryOf(stage, stage.handedOver), 0),
      told(`${COUNT} connections, relayed`, await memoryOf(stage, stage.relayed), undefined),
    ]
  },
}

const told = (what: string, sizeMb: number, budget: number | undefined): Finding => ({
  ...{what: `proxies of ${what}`, unit: 'MB', against: '', theirs: undefined, judged: 'value', budget},
  ours: {p50: sizeMb, p95: sizeMb},
})

/** In MB, while all of them are open. */
const memoryOf = async ({env, cwd, proxy}: ManagedStage, [ssh = '', ...words]: readonly string[]): Promise<number> => {
  const open = Array.from({length: COUNT}, () =>
    spawn(ssh, [...words, 'echo; exec cat'], {env, cwd, stdio: ['pipe', 'pipe', 'inherit']}),
  )
  try {
    await Promise.all(open.map((child) => Promise.race([once(child.stdout, 'data'), failing(child)])))
    const lines = execFileSync('ps', ['-axo', 'rss=,args='], {encoding: 'utf8'}).split('\n')
    const ours = lines.filter((line) => line.includes(proxy)).map((line) => Number.parseInt(line, 10))
    return ours.reduce((sum, sizeKb) => sum + sizeKb, 0) / 1024
  } finally {
    const endings = open.map((child) => once(child, 'close'))
    for (const child of open) child.stdin.end()
    await Promise.all(endings)
  }
}

const failing = async (child: ChildProcess): Promise<never> => {
  await once(child, 'close')
  throw new Error(`ssh ended with ${child.exitCode}`)
}
