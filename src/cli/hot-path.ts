import {EXIT} from '../core/errors.ts'
import {RUN_FLAGS, type RunFlag, type RunLine, type RunValues} from './run-flags.ts'
import {runLine} from './run-line.ts'
import {watchOutput} from './watch-output.ts'

/**
 * A plain command line of `exec` or `ssh` (`--name value`, `--name=value`, `-w x`), read without oclif, which costs as much
 * as the whole rest; undefined for everything else, help, mistakes and a shell included.
 */
export function parseHotPath(argv: readonly string[]): RunLine | undefined {
  const [verb, ...rest] = argv
  if (verb !== 'exec' && verb !== 'ssh') return undefined
  const end = rest.indexOf('--')
  const words = end === -1 ? undefined : rest.slice(end + 1)
  const values = valuesOf(end === -1 ? rest : rest.slice(0, end), verb)
  if (values === undefined || (words === undefined && values.script === undefined)) return undefined
  return {verb, values, words}
}

/** Runs such a command line the short way and sets the exit status; false where it is for oclif. */
export async function runHotPath(argv: readonly string[]): Promise<boolean> {
  const line = parseHotPath(argv)
  if (line === undefined) return false
  if (line.values.json) watchOutput(EXIT.notTheCommands)
  await runLine(line)
  return true
}

const valuesOf = (ours: readonly string[], verb: RunLine['verb']): RunValues | undefined => {
  const values: Record<string, boolean | string | readonly string[]> = {}
  for (let at = 0; at < ours.length; at += 1) {
    const word = ours[at] ?? ''
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const [name, flag] = flagOf(equals === -1 ? word : word.slice(0, equals), verb) ?? []
    if (name === undefined || flag === undefined) {
      // Only ssh has an argument, and one.
      if (verb === 'exec' || word === '' || word.startsWith('-') || values['workspace'] !== undefined) return undefined
      values['workspace'] = word
    } else if (flag.kind === 'boolean') {
      if (equals !== -1) return undefined
      values[name] = true
    } else {
      if (equals === -1) at += 1
      const value = equals === -1 ? ours[at] : word.slice(equals + 1)
      // What looks like a flag may be one, and then it is the value that is missing.
      if (value === undefined || (value.startsWith('-') && value !== '-')) return undefined
      const before = values[name]
      if (flag.kind === 'text' && before !== undefined) return undefined
      values[name] = flag.kind === 'text' ? value : [...(Array.isArray(before) ? before : []), value]
    }
  }
  return verb === 'ssh' && values['workspace'] === undefined ? undefined : values
}

const flagOf = (word: string, verb: RunLine['verb']): readonly [string, RunFlag] | undefined =>
  Object.entries<RunFlag>(RUN_FLAGS).find(
    ([name, {char}]) =>
      !(verb === 'ssh' && name === 'workspace') &&
      (word === `--${name}` || (char !== undefined && word === `-${char}`)),
  )
