#!/usr/bin/env node
// CommonJS, and one file with all that a warm exec needs, or a proxy with a good pass: Node loads that soonest. See
// scripts/fuse.js.
const {readFileSync} = require('node:fs')
const {join} = require('node:path')
const {Script} = require('node:vm')

/** That of node:module, which is at hand here. */
const Module = module.constructor

const root = join(__dirname, '..')

/** As require() would, with what V8 made of the file when it was built, where this is the same V8. */
const load = (filename) => {
  const fused = new Module(filename, module)
  fused.filename = filename
  require.cache[filename] = fused
  const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), {
    filename,
    cachedData: readIfThere(`${filename}.cache`),
  })
  script.runInThisContext()(fused.exports, (id) => fused.require(id), fused, filename, join(filename, '..'))
  fused.loaded = true
  return fused.exports
}

const readIfThere = (path) => {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

const run = async (argv) => {
  const main = () => load(join(root, 'dist', 'hot.cjs')).main(argv, root)
  if (argv[0] !== 'proxy') return main()
  if (!(await load(join(root, 'dist', 'proxy.cjs')).runWarmProxy(argv))) await main()
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

module.exports = {load}

if (require.main === module) void run(process.argv.slice(2))
