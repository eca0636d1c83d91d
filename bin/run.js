#!/usr/bin/env node
// CommonJS, and one file with all that a warm exec needs: Node loads that soonest. See scripts/fuse.js.
const {readFileSync} = require('node:fs')
const Module = require('node:module')
const {join} = require('node:path')
const {Script} = require('node:vm')

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

module.exports = {load}

if (require.main === module) {
  const root = join(__dirname, '..')
  void load(join(root, 'dist', 'hot.cjs')).main(process.argv.slice(2), root)
}
