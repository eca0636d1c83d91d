// To be preloaded (`--require`) into the program: notes in the file WARM_EXEC_LOG which files it looks at and reads,
// which sockets it connects to and which programs it starts; at its end, which modules of Node it has loaded.
const childProcess = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')

const log = fs.openSync(process.env.WARM_EXEC_LOG, 'a')
const {writeSync} = fs
const atFirst = new Set(process.moduleLoadList)
let isOurs = true
let isInside = false
const note = (what, path) => isOurs && writeSync(log, `${what} ${path}\n`)

const wrap = (holder, name, what, pathOf = (path) => path) => {
  const original = holder[name]
  const wrapped = function (...args) {
    const path = pathOf(...args)
    // A number is a file that was opened before.
    if (typeof path === 'string' && !isInside) note(what, path)
    // What Node does for such a call is Node's, and differs from one version to the next.
    const wasInside = isInside
    isInside = true
    try {
      return original.apply(this, args)
    } finally {
      isInside = wasInside
    }
  }
  holder[name] = Object.assign(wrapped, original)
}

// Node calls these of itself too, when it looks for a module.
wrap(fs, 'readFileSync', 'read')
wrap(fs, 'openSync', 'open')
for (const name of ['lstatSync', 'statSync']) wrap(fs, name, 'look at')
for (const name of ['accessSync', 'existsSync']) wrap(fs, name, 'look for')
wrap(fs, 'readdirSync', 'list')
for (const name of ['writeFileSync', 'mkdirSync', 'renameSync', 'unlinkSync', 'rmSync']) wrap(fs, name, 'change')
wrap(fs.realpathSync, 'native', 'resolve')
wrap(net, 'connect', 'connect to', (options) => (typeof options === 'string' ? options : JSON.stringify(options)))
wrap(childProcess, 'spawn', 'start')
process.on('exit', () => {
  const late = process.moduleLoadList.filter((one) => !atFirst.has(one)).map((one) => one.replace('NativeModule ', ''))
  for (const one of late.filter((name) => /^[a-z_]+(?:\/promises)?$/.test(name))) note('load', `node:${one}`)
  isOurs = false
})
