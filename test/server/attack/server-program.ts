import {runServer} from '../../../src/server/run-server.ts'

/**
 * A server as a process of its own, so that its death, its memory and its descriptors can be seen: server-program FOLDER.
 * Prints its facts as one line of JSON when it is ready; ends with TERM.
 */
const [folder = ''] = process.argv.slice(2)
const end = new AbortController()
process.once('SIGTERM', () => end.abort())
await runServer({
  folder,
  version: '1.2.3',
  env: {PATH: process.env['PATH'], SHELL: '/bin/sh'},
  apiPort: undefined,
  gatewayPort: undefined,
  idleSeconds: undefined,
  now: () => new Date(),
  onReady: (facts) => process.stdout.write(`${JSON.stringify(facts)}\n`),
  signal: end.signal,
})
