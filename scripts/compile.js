import {readFileSync, writeFileSync} from 'node:fs'
import Module from 'node:module'
import {setFlagsFromString} from 'node:v8'
import {Script} from 'node:vm'

/**
 * Writes a CommonJS file and what V8 makes of it beside it, every function included, for bin/run.js. It is of this version
 * of V8; another one makes its own at each start, in memory. What was compiled before cannot import, since Node does
 * not know for whom: the file `late` does it.
 */
export function writeCompiled(filename, late, text) {
  writeFileSync(filename, text.replaceAll(/(?<![\w$.])import\((?!\))/g, `require("${late}")(`))
  // V8 leaves functions to their first call. A cache tells which flags it was made with: these are put back before.
  setFlagsFromString('--no-lazy')
  const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), {filename})
  setFlagsFromString('--lazy')
  writeFileSync(`${filename}.cache`, script.createCachedData())
}
