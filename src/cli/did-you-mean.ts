import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {closest, distance} from 'fastest-levenshtein'
import type {Failure} from './failure.ts'

/**
 * The failure of a command that there is not, with the one that was likely meant; oclif takes the words behind one without
 * arguments for a part of its name. `root` is the folder of package.json.
 */
export function suggestCommand(failure: Failure, argv: readonly string[], root: string): Failure {
  if (!/^command \S+ not found\.?$/i.test(failure.message)) return failure
  const {commands} = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest
  const names = Object.entries(commands).flatMap(([id, {hidden}]) => (hidden ? [] : [id.replaceAll(':', ' ')]))
  const topics = new Set(names.flatMap((name) => (name.includes(' ') ? [name.slice(0, name.lastIndexOf(' '))] : [])))
  const words = argv.slice(
    0,
    Math.max(
      0,
      argv.findIndex((word) => word.startsWith('-')),
    ) || argv.length,
  )
  // What follows the name of a command may be its arguments, which are not repeated.
  const meant = [...names, ...topics]
    .map((name) => ({name, word: words.slice(0, name.split(' ').length).join(' ')}))
    .filter(({name, word}) => isNearly(word, name) && !(topics.has(name) && word === name))
    .sort((one, other) => distance(one.word, one.name) - distance(other.word, other.name))[0]
  if (meant !== undefined && meant.word === meant.name) {
    const see =
      meant.name === 'exec'
        ? `Put the command behind two dashes: ${NAME} exec -- ls -l`
        : `See: ${NAME} ${meant.name} --help`
    return {...failure, message: `"${NAME} ${meant.name}" takes no arguments.`, hint: see}
  }
  const [first = ''] = words
  if (meant === undefined && topics.has(first))
    return {...failure, message: `"${NAME} ${first}" has no such command.`, hint: `See: ${NAME} ${first} --help`}
  const message = `There is no command "${meant?.word ?? first}".`
  return {...failure, message, ...(meant === undefined ? {} : {hint: `Did you mean: ${NAME} ${meant.name}`})}
}

/** The failure of a flag that a command does not have, with the one that was likely meant. */
export function suggestFlag(failure: Failure, flags: readonly string[]): Failure {
  const [, typed = ''] = /^Nonexistent flags?: --(\S+)$/.exec(failure.message) ?? []
  const meant = typed === '' ? '' : closest(typed, flags)
  return isNear(typed, meant) ? {...failure, hint: `Did you mean --${meant}?`} : failure
}

/** Apart from what it stands before: which command that is, is known there only. */
const NAME = 'runcode'

interface Manifest {
  readonly commands: Readonly<Record<string, {readonly hidden?: boolean}>>
}

/** As far as slips of a finger go. */
const isNear = (typed: string, meant: string): boolean =>
  typed !== '' && meant !== '' && distance(typed, meant) <= Math.ceil(meant.length / 3)

/** Word by word: behind one that is right, any other would be near. */
const isNearly = (typed: string, meant: string): boolean => {
  const [words, names] = [typed.split(' '), meant.split(' ')]
  return words.length === names.length && names.every((name, at) => isNear(words[at] ?? '', name))
}
