import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {ROOT, sourceFiles} from './source-tree.ts'

interface Flag {
  readonly type: 'boolean' | 'option'
  readonly char?: string
  readonly allowNo?: boolean
}

interface Command {
  readonly args: Readonly<Record<string, {readonly required?: boolean}>>
  readonly flags: Readonly<Record<string, Flag>>
}

const {commands} = JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')) as {
  readonly commands: Readonly<Record<string, Command>>
}

/** Words behind our name that make a sentence or stand for any command. */
const PROSE = new Set(['--help', '<command>', 'and', 'holds', 'itself', 'made', 'managed', 'needs', 'with'])

/** Every `runcode <words>` of a text, as words: up to what ends a command in a sentence; what is filled in is one word. */
const suggestionsIn = (text: string): readonly (readonly string[])[] =>
  [...text.matchAll(/\bruncode (?=((?:\$\{(?:[^{}]|\{[^{}]*\})*\}|[^"'`\n|])+))/g)].map(([, rest = '']) => {
    const words: string[] = []
    // What is filled in is a word of its own, or the end of one that can be left out.
    const filled = rest.replaceAll(/(^| )\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '$1x').replaceAll(/\$\{.*/g, '')
    for (const word of filled.split(' ')) {
      const [bare = ''] = /^(?:<[a-z]+>|[\w:-]+)/.exec(word) ?? []
      if (bare === '' || bare === '--') break
      words.push(bare)
      if (bare !== word) break
    }
    return words
  })

/** Why a command line would be refused, or undefined. */
const faultOf = (words: readonly string[]): string | undefined => {
  const size = [3, 2, 1].find((count) => commands[words.slice(0, count).join(':')] !== undefined)
  const command = size === undefined ? undefined : commands[words.slice(0, size).join(':')]
  if (command === undefined) return 'there is no such command'
  const rest = words.slice(size)
  let args = 0
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? ''
    const name = Object.keys(command.flags).find((one) => [`--${one}`, `--no-${one}`].includes(word)) ?? ''
    if (!word.startsWith('-')) args += 1
    else if (command.flags[name] === undefined) return `it has no ${word}`
    if (command.flags[name]?.type === 'option') at += 1
  }
  const required = Object.values(command.args).filter((one) => one.required === true).length
  if (args < required || args > Object.keys(command.args).length) return `it takes no ${args} arguments`
  return undefined
}

const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')

describe('a command that we suggest', () => {
  it('can be told from one that would be refused', () => {
    for (const [text, fault] of [
      ["'runcode conect x'", 'there is no such command'],
      ["'runcode connect --force'", 'it takes no 0 arguments'],
      ["'Take one (runcode connect <workspace> --forced) and go.'", 'it has no --forced'],
      ["'runcode server workspace'", 'there is no such command'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text that is searched.
      ['`Start it: runcode connect ${a({b})} --start --wait`', undefined],
      ["'as in: runcode exec -- ls -l'", undefined],
    ] as const) {
      assert.deepEqual(suggestionsIn(text).map(faultOf), [fault], text)
    }
  })

  it('exists with its arguments and flags, in every message and hint, and on the pages', () => {
    const pages = ['docs/errors.md', 'README.md'].map((path) => ({path, text: readFileSync(join(ROOT, path), 'utf8')}))
    // Scripts for shells, which ask us in words of their own.
    const isOther = (path: string): boolean => path.startsWith('src/server/') || path === 'src/cli/completion/shells.ts'
    const sources = sourceFiles('src').filter(({path}) => !isOther(path))
    const suggested = [...sources, ...pages].flatMap(({path, text}) =>
      suggestionsIn(withoutComments(text)).map((words) => ({path, words})),
    )
    const wrong = suggested
      .filter(({words: [first = '']}) => first !== '' && !PROSE.has(first))
      .map(({path, words}) => ({path, command: words.join(' '), fault: faultOf(words)}))
    assert.ok(wrong.length > 30)
    assert.deepEqual(
      wrong.filter(({fault}) => fault !== undefined),
      [],
    )
  })
})
