import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import type {Bench, Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {interleave, spreadOf, timeOf} from '../measure.ts'
import {type Stage, usualStage} from '../stage.ts'

const SIZE_MB = 300
const CONNECTIONS = 200
/** Each sample takes seconds; no cache or start-up is to be waited for. */
const LARGEST_ROUNDS = 10

/** Bytes each way, and many connections at once, through our port and through that of `ssh -L`. The budget is 0.9 of its throughput. */
export const portForward: Row = {
  name: 'port-forward',
  measure: async (bench) => {
    const stage = await usualStage(bench)
    const rounds = Math.min(bench.rounds, LARGEST_ROUNDS)
    const service = await started(bench, [process.execPath, '-e', SERVICE, String(SIZE_MB)], /^(\d+)$/)
    const words = [...stage.runcode, 'port-forward', '--json', `0:${service}`]
    const ours = await started(bench, words, /"event":"ready","local":(\d+)/, stage)
    const theirs = await freePort()
    const [ssh = '', ...args] = stage.cold
    const forwarding = [...args.slice(0, -1), '-N', '-v', '-L', `127.0.0.1:${theirs}:localhost:${service}`]
    await started(
      bench,
      [ssh, ...forwarding, ...args.slice(-1)],
      /(?:Local forwarding listening on .* port (\d+))/,
      stage,
    )
    const findings: Finding[] = []
    for (const [what, ask] of [
      [`${SIZE_MB} MB from a forwarded port`, 'from'],
      [`${SIZE_MB} MB to a forwarded port`, 'to'],
      [`${CONNECTIONS} connections at once to a forwarded port`, 'many'],
    ] as const) {
      const through = (port: string) => () =>
        timeOf([process.execPath, '-e', CLIENT, port, ask, String(SIZE_MB), String(CONNECTIONS)], stage)
      const {mine, plain} = await interleave({mine: through(ours), plain: through(theirs)}, rounds)
      findings.push({
        ...{what, ours: spreadOf(mine), against: `ssh -L (${stage.gateway})`, theirs: spreadOf(plain)},
        ...{unit: 'ms', judged: 'ratio', budget: ask === 'many' ? undefined : 1 / 0.9},
      })
    }
    return findings
  },
}

/** Starts a program that lives as long as the bench; gives what it says of its port. */
const started = async (
  bench: Bench,
  [program = '', ...args]: readonly string[],
  pattern: RegExp,
  {env, cwd}: Partial<Pick<Stage, 'env' | 'cwd'>> = {},
): Promise<string> => {
  const child: ChildProcess = spawn(program, args, {
    ...{env: env ?? process.env, cwd: cwd ?? '/'},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  bench.atEnd(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  })
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      createInterface(stream).on('line', (line) => {
        const [, port] = pattern.exec(line) ?? []
        if (port !== undefined) resolve(port)
      })
    }
    child.once('close', (code) => reject(new Error(`${program} ${args.join(' ')} ended with ${code}`)))
  })
}

const freePort = async (): Promise<string> => {
  const {createServer} = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as {port: number}
  server.close()
  return String(port)
}

/** The first byte of a connection says what it is for: to be given many bytes, to give them, or one back. */
const SERVICE = `
const chunk = Buffer.alloc(1 << 18)
require('node:net').createServer({allowHalfOpen: true}, (socket) => {
  socket.on('error', () => undefined)
  socket.once('data', (first) => {
    if (first[0] !== 102) return void socket.resume().on('end', () => socket.end('k'))
    let left = process.argv[1] * 4
    const give = () => {
      for (; left > 0; left -= 1) if (!socket.write(chunk)) return void (left -= 1, socket.once('drain', give))
      socket.end()
    }
    give()
  })
}).listen(0, 'localhost', function () { console.log(this.address().port) })
`

const CLIENT = `
const [, port, ask, size, many] = process.argv
const chunk = Buffer.alloc(1 << 18)
const dial = () => {
  const socket = require('node:net').connect({port, host: '127.0.0.1', allowHalfOpen: true})
  socket.write(ask)
  let heard = 0
  socket.on('data', ({length}) => (heard += length))
  socket.on('end', () => {
    socket.end()
    if (heard < (ask === 'from' ? size << 20 : 1)) throw new Error(heard + ' bytes')
  })
  let left = ask === 'to' ? size * 4 : 0
  const give = () => {
    for (; left > 0; left -= 1) if (!socket.write(chunk)) return void (left -= 1, socket.once('drain', give))
    if (ask !== 'from') socket.end()
  }
  give()
}
for (let at = 0; at < (ask === 'many' ? many : 1); at += 1) dial()
`
