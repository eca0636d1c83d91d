import {accessSync, constants, realpathSync} from 'node:fs'
import {delimiter, dirname, isAbsolute, join} from 'node:path'
import type {Check} from './check.ts'

const OLDEST_NODE = [20, 19] as const

/** Node is new enough, and `runcode` on PATH is this one. */
export const runcodeCheck: Check = {
  name: 'runcode',
  group: 'This machine',
  about: 'Node is new enough, and the `runcode` that PATH finds first is this one',
  examine: async ({env, program, system}) => {
    const {version: node} = process
    const self = `version ${program.version}, Node ${node.slice(1)}`
    const [major = 0, minor = 0] = node.slice(1).split('.').map(Number)
    if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
      return {status: 'fail', detail: `${self} is too old`, hint: `Install Node ${OLDEST_NODE.join('.')} or newer.`}
    const [first] = onPath(system.platform === 'win32' ? 'runcode.cmd' : 'runcode', env)
    // A shim is a file of its own, and says nothing of what it starts.
    if (first === undefined || system.platform === 'win32' || packageOf(first) === packageOf(program.script))
      return {status: 'ok', detail: `${self}${first === undefined ? ', not on PATH' : ` (${first})`}`}
    return {
      status: 'warn',
      detail: `what PATH finds first is another one, ${first}; this is ${program.script}`,
      hint: 'Remove one of the two, or put the folder of the right one first in PATH.',
    }
  },
}

const onPath = (name: string, env: NodeJS.ProcessEnv): readonly string[] =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .filter(isExecutable)

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The folder of the package that a program is of: it starts from `bin`. */
const packageOf = (path: string): string => {
  try {
    return dirname(dirname(realpathSync(path)))
  } catch {
    return dirname(dirname(path))
  }
}
