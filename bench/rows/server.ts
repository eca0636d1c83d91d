import {execFileSync} from 'node:child_process'
import {Client} from 'ssh2'
import type {Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {type Spread, spreadOf} from '../measure.ts'
import {answerOf, type Stage, serverStage, sessionOf} from '../stage.ts'

const CONNECTIONS = 4
const CHANNELS_EACH = 50
const CONNECTS_PER_MINUTE = 1000

/** What the server takes while nobody wants anything of it, with 200 channels open, and while clients come and go. */
export const server: Row = {
  name: 'server',
  measure: async (bench) => {
    const stage = await serverStage(bench)
    const {pid} = await answerOf(stage, 'server', 'status')
    const idle = memoryOf(Number(pid))
    const clients = await Promise.all(Array.from({length: CONNECTIONS}, () => connect(stage)))
    await Promise.all(clients.flatMap((client) => Array.from({length: CHANNELS_EACH}, () => openChannel(client))))
    const busy = memoryOf(Number(pid))
    for (const client of clients) client.destroy()
    const connects = await connectSteadily(stage, bench.rounds)
    return [
      told('server, idle', 'MB', {p50: idle, p95: idle}),
      told(`server, ${CONNECTIONS * CHANNELS_EACH} channels`, 'MB', {p50: busy, p95: busy}),
      told(`connect to the gateway, ${CONNECTS_PER_MINUTE} a minute`, 'ms', spreadOf(connects)),
    ]
  },
}

const told = (what: string, unit: Finding['unit'], ours: Spread): Finding => ({
  ...{what, unit, ours, against: '', theirs: undefined, judged: 'value', budget: undefined},
})

const memoryOf = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], {encoding: 'utf8'})) / 1024

const connect = (stage: Stage): Promise<Client> =>
  new Promise((resolve, reject) => {
    const {host, port, user, privateKey} = sessionOf(stage)
    const client = new Client()
    client.on('ready', () => resolve(client)).on('error', reject)
    client.connect({host, port, username: user, privateKey})
  })

const openChannel = (client: Client): Promise<void> =>
  new Promise((resolve, reject) => {
    client.exec('echo; sleep 60', (error, channel) => {
      if (error !== undefined) return reject(error)
      channel.once('data', () => resolve())
      channel.on('error', () => undefined)
    })
  })

/** How long each of many connects took, in ms, the next one being begun while others may still go on. */
const connectSteadily = async (stage: Stage, count: number): Promise<readonly number[]> => {
  const taking: Promise<number>[] = []
  for (let at = 0; at < count; at += 1) {
    const start = performance.now()
    taking.push(
      connect(stage).then((client) => {
        client.end()
        return performance.now() - start
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 60_000 / CONNECTS_PER_MINUTE))
  }
  return Promise.all(taking)
}
