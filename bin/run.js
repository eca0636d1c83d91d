#!/usr/bin/env node
// CommonJS, and one file with all that a warm exec needs, or a proxy with a good pass: Node loads that soonest. See
// scripts/fuse.js.
const {join} = require('node:path')

const root = join(__dirname, '..')

const run = async (argv) => {
  if (argv[0] !== 'proxy') return require('../dist/hot.cjs').main(argv, root)
  if (!(await require('../dist/proxy.cjs').runWarmProxy(argv))) await require('../dist/hot.cjs').main(argv, root)
  // ssh waits for our end, which Node puts off. What we said of a failure goes out first, where anybody reads it.
  if (!process.exitCode) process.exit()
  process.stderr.write('', end)
  setTimeout(end, 1000)
}

/** A name that nobody resolves holds a thread, and Node waits for its threads (getaddrinfo(3)), also in exit(). */
const end = () => {
  if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) process.kill(process.pid, 'SIGKILL')
  process.exit()
}

void run(process.argv.slice(2))
