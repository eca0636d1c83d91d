import {readdirSync, readFileSync} from 'node:fs'
import {dirname, join, relative, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'

/** The folder of package.json. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceImport {
  /** As it stands in the code. */
  readonly specifier: string
  /** The file in the tree that it means, relative to ROOT; undefined for a package or a module of Node. */
  readonly file: string | undefined
  readonly kind: 'static' | 'dynamic' | 'type'
}

export interface SourceFile {
  /** Relative to ROOT. */
  readonly path: string
  readonly text: string
  readonly imports: readonly SourceImport[]
}

/** The text without its comments, so that words in prose are not taken for code. */
const codeOf = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')

/** Every TypeScript file below a folder, with what it imports. */
export const sourceFiles = (folder: string): readonly SourceFile[] =>
  readdirSync(join(ROOT, folder), {recursive: true, encoding: 'utf8'})
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => join(folder, name))
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8')
      return {path, text: codeOf(text), imports: importsOf(path, codeOf(text))}
    })

const importsOf = (path: string, code: string): readonly SourceImport[] => {
  const found: SourceImport[] = []
  const add = (specifier: string | undefined, kind: SourceImport['kind']): void => {
    if (specifier !== undefined) found.push({specifier, kind, file: fileOf(path, specifier)})
  }
  for (const [, type, specifier] of code.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm))
    add(specifier, type === undefined ? 'static' : 'type')
  for (const [, specifier] of code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) add(specifier, 'dynamic')
  return found
}

const fileOf = (from: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(from), specifier)) : undefined

/** The room of a file below src; `index` and such stand for themselves. */
export const roomOf = (path: string): string => path.split('/')[1] ?? path

/** The package of a bare specifier. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
