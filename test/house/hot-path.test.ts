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

const required = (path: string): readonly string[] =>
  [
    ...new Set(
      [...readFileSync(join(ROOT, path), 'utf8').matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, it = '']) => it),
    ),
  ].toSorted()

describe('the hot path', () => {
  // What is fused into the file that bin/run.js loads: see scripts/fuse.js.
  const loaded = closure(['src/cli/main.ts'])

  it('has exec in it', () => {
    assert.ok(loaded.files.includes('src/actions/exec.ts'))
  })

  it('loads no package while the pass of an attached workspace is good', () => {
    assert.deepEqual(loaded.packages, [])
  })

  it('loads nothing of the network, the providers, the profiles or the secrets, and nothing that locks', () => {
    assert.deepEqual(
      loaded.files.filter(
        (path) =>
          /^src\/(?:network|provider|profile|credentials|server|doctor|commands)\//.test(path) ||
          /^src\/core\/lock/.test(path),
      ),
      [],
    )
  })

  it('loads no package either where ssh is connected to a managed host with a good pass', () => {
    const entries = ['src/cli/main.ts', 'src/cli/proxy-path.ts', 'src/cli/proxy-hand-over.ts', 'src/cli/proxy-relay.ts']
    const actions = ['src/actions/proxy.ts', 'src/actions/proxy-log.ts', 'src/network/connect-gateway.ts']
    assert.deepEqual(closure([...entries, ...actions]).packages, [])
  })

  it('starts in bin/run.js, which loads one file of ours', () => {
    assert.deepEqual(required('bin/run.js'), ['../dist/hot.cjs', 'node:path'])
  })

  it('is one file, which loads only what Node has at hand or what starting ssh needs', () => {
    assert.deepEqual(required('dist/hot.cjs'), [
      'node:child_process',
      'node:fs',
      'node:net',
      'node:os',
      'node:path',
      'node:stream',
      'node:tty',
      'node:util',
    ])
  })
})
