import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {ROOT, sourceFiles} from './source-tree.ts'

/** Modules that are loaded when the given ones are: all that they import statically, and so on. */
const closure = (entries: readonly string[]): {files: readonly string[]; packages: readonly string[]} => {
  const byPath = new Map(sourceFiles('src').map((file) => [file.path, file]))
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (path: string): void => {
    if (files.has(path)) return
    files.add(path)
    for (const {kind, file, specifier} of byPath.get(path)?.imports ?? []) {
      if (kind !== 'static') continue
      if (file !== undefined) visit(file)
      else if (!specifier.startsWith('node:')) packages.add(specifier)
    }
  }
  for (const entry of entries) visit(entry)
  return {files: [...files].toSorted(), packages: [...packages].toSorted()}
}

describe('the hot path', () => {
  // What bin/run.js imports, and the one module that the hot path loads by itself.
  const loaded = closure(['src/cli/main.ts', 'src/cli/run-line.ts'])

  it('loads no package while the pass of an attached workspace is good', () => {
    assert.deepEqual(loaded.packages, [])
  })

  it('loads nothing of the network, the providers, the profiles or the secrets', () => {
    assert.deepEqual(
      loaded.files.filter((path) =>
        /^src\/(?:network|provider|profile|credentials|server|doctor|commands)\//.test(path),
      ),
      [],
    )
  })

  it('starts in bin/run.js, which imports nothing else of ours', () => {
    const text = readFileSync(join(ROOT, 'bin/run.js'), 'utf8')
    const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, specifier]) => specifier)
    assert.deepEqual(imports, ['node:url', '../dist/cli/main.js'])
  })
})
