// npm run bench: measures what the speed budget names, both sides in one run, and prints one table.
import {writeFileSync} from 'node:fs'
import {arch, cpus, platform} from 'node:os'
import {parseArgs} from 'node:util'
import {type Row, withBench} from './bench.ts'
import {chartOf} from './chart.ts'
import type {Finding} from './finding.ts'
import {execCold, execGateway, execWarm} from './rows/exec-warm.ts'
import {manyWorkspaces} from './rows/many-workspaces.ts'
import {portForward} from './rows/port-forward.ts'
import {proxyCarry} from './rows/proxy-carry.ts'
import {proxyMemory} from './rows/proxy-memory.ts'
import {proxyStart} from './rows/proxy-start.ts'
import {server} from './rows/server.ts'
import {startUp} from './rows/start-up.ts'
import {transferLarge, transferSmall} from './rows/transfer.ts'
import {warmExecCounts} from './rows/warm-exec-counts.ts'
import {jsonOf, tableOf} from './table.ts'

const ROWS: readonly Row[] = [
  execWarm,
  execCold,
  warmExecCounts,
  startUp,
  proxyStart,
  proxyCarry,
  proxyMemory,
  transferLarge,
  transferSmall,
  portForward,
  manyWorkspaces,
  execGateway,
  server,
]

const USAGE = `npm run bench -- [row…] [--rounds n] [--json file] [--svg file]\nrows: ${ROWS.map(({name}) => name).join(', ')}\n`

const main = async (): Promise<void> => {
  const {values, positionals} = parseArgs({
    allowPositionals: true,
    options: {rounds: {type: 'string', default: '30'}, json: {type: 'string'}, svg: {type: 'string'}},
  })
  const rounds = Number(values.rounds)
  const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name))
  if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) throw new Error(USAGE)
  const chosen = positionals.length === 0 ? ROWS : ROWS.filter(({name}) => positionals.includes(name))
  const findings = await withBench(rounds, async (bench) => {
    const found: Finding[] = []
    for (const row of chosen) {
      process.stderr.write(`${row.name}…\n`)
      found.push(...(await row.measure(bench)))
    }
    return found
  })
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${platform()}-${arch()}`
  process.stdout.write(`Node ${process.version}, ${machine}, ${rounds} rounds\n\n${tableOf(findings)}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(jsonOf(findings), undefined, 2)}\n`)
  if (values.svg !== undefined) writeFileSync(values.svg, chartOf(findings))
}

try {
  await main()
} catch (error) {
  process.stderr.write(`npm run bench: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
