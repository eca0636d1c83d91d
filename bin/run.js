#!/usr/bin/env node
// CommonJS, and one file with all that a warm exec needs, or a proxy with a good pass: Node loads that soonest. See
// scripts/fuse.js.
const {join} = require('node:path')

const run = async (argv) => {
  if (argv[0] !== 'proxy' || !(await require('../dist/proxy.cjs').runWarmProxy(argv)))
    return require('../dist/hot.cjs').main(argv, join(__dirname, '..'))
  // ssh waits for our end, and Node is slow to find that nothing is left to do.
  if (!process.exitCode) process.exit()
}

void run(process.argv.slice(2))
