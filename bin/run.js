#!/usr/bin/env node
// CommonJS, and one file with all that a warm exec needs: Node loads that soonest. See scripts/fuse.js.
const {readFileSync} = require('node:fs')
const Module = require('node:module')
const {join} = require('node:path')
const {Script} = require('node:vm')

/** As require() would, with what V8 made of the file when it was built, where this is the same V8. */
const load = (filename) => {
  const hot = new Module(filename, module)
  hot.filename = filename
  require.cache[filename] = hot
  const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), {
    filename,
    cachedData: readIfThere(`${filename}.cache`),
  })
  script.runInThisContext()(hot.exports, (id) => hot.require(id), hot, filename, join(filename, '..'))
  hot.loaded = true
  return hot.exports
}

const readIfThere = (path) => {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

void load(join(__dirname, '..', 'dist', 'hot.cjs')).main(process.argv.slice(2), join(__dirname, '..'))
