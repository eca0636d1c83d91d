import childProcess from 'node:child_process'
import fs from 'node:fs'
import promises from 'node:fs/promises'
import {syncBuiltinESMExports} from 'node:module'
import net from 'node:net'
import tls from 'node:tls'

/**
 * To be preloaded (`--import`) into the program: counts what it does to the home of a test and to the world (files that
 * it writes, makes, links, renames, removes, syncs and closes; programs that it starts; connections that it opens), and
 * kills its own process with SIGKILL at the n-th of these steps, as a power cut would.
 *
 * KILL_HOME  only paths below it count
 * KILL_AT    the number of the step; none: the steps are only written down
 * KILL_WHEN  `before` the call, or `after` it was made: its work goes on in a thread of Node or in another process
 * KILL_LOG   a file that gets a line for each step
 */
const {KILL_HOME: home = '', KILL_AT: at = '', KILL_WHEN: when = 'before', KILL_LOG: log = ''} = process.env
// What it starts is not to die the same way.
for (const name of ['NODE_OPTIONS', 'KILL_HOME', 'KILL_AT', 'KILL_WHEN', 'KILL_LOG']) delete process.env[name]

const lines = fs.openSync(log, 'a')
let count = 0
const die = () => process.kill(process.pid, 'SIGKILL')

/** The call as one step. */
const step = (name, call) => {
  count += 1
  fs.writeSync(lines, `${name}\n`)
  const isLast = String(count) === at
  if (isLast && when === 'before') die()
  const result = call()
  if (isLast) die()
  return result
}

const isOurs = (path) => typeof path === 'string' && path.startsWith(home)
const wrap = (holder, name, isStep) => {
  const original = holder[name]
  holder[name] = function (...args) {
    return isStep(...args) ? step(name, () => original.apply(this, args)) : original.apply(this, args)
  }
}

const isWriting = (path, flags) => isOurs(path) && flags !== undefined && flags !== 'r' && !isReadOnly(flags)
const isReadOnly = (flags) => typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === 0
const CHANGING = ['writeFile', 'mkdir', 'rename', 'link', 'symlink', 'rm', 'rmdir', 'unlink', 'chmod', 'appendFile']
for (const name of CHANGING) {
  wrap(promises, name, isOurs)
  wrap(fs, `${name}Sync`, isOurs)
}
wrap(fs, 'openSync', isWriting)
const open = promises.open
promises.open = async (path, flags, ...rest) => {
  if (!isWriting(path, flags)) return open(path, flags, ...rest)
  const file = await step('open', () => open(path, flags, ...rest))
  for (const name of ['write', 'writeFile', 'sync', 'close']) wrap(file, name, () => true)
  return file
}
wrap(childProcess, 'spawn', () => true)
wrap(net, 'connect', () => true)
wrap(tls, 'connect', () => true)
syncBuiltinESMExports()
