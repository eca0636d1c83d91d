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

  it('starts in bin/run.js, which loads one file of ours: this one, or that of the proxy', () => {
    assert.deepEqual(required('bin/run.js'), ['node:fs', 'node:path', 'node:vm'])
    const text = readFileSync(join(ROOT, 'bin/run.js'), 'utf8')
    assert.deepEqual(text.match(/'[a-z]+\.cjs'/g), ["'hot.cjs'", "'proxy.cjs'"])
  })

  it('is one file, which loads only what Node has at hand or what starting ssh needs', () => {
    // late.cjs only at the first import(): see scripts/compile.js.
    assert.deepEqual(required('dist/hot.cjs'), [
      './late.cjs',
      'node:events',
      'node:fs',
      'node:net',
      'node:os',
      'node:path',
      'node:stream',
      'node:util',
    ])
  })
})

describe('the short way of ssh to a managed host', () => {
  // What is fused into the other file that bin/run.js loads.
  const loaded = closure(['src/cli/proxy-warm.ts'])

  it('has both ways to carry in it', () => {
    for (const name of ['proxy-hand-over', 'proxy-relay', 'proxy-again'])
      assert.ok(loaded.files.includes(`src/cli/${name}.ts`), name)
  })

  it('loads no package while the pass is good', () => {
    assert.deepEqual(loaded.packages, [])
  })

  it('loads nothing that asks a control plane, reads secrets, makes keys or locks, and nothing of exec', () => {
    const asking = /^src\/(?:provider|credentials|server|doctor|commands|remote-command|user-ssh-config)\//
    const others =
      /^src\/(?:core\/lock|network\/request|session\/(?:open|managed-(?:session|identity))|openssh\/key-pair|cli\/run-)/
    assert.deepEqual(
      loaded.files.filter((path) => asking.test(path) || others.test(path)),
      [],
    )
  })

  it('is one file, which loads only what Node has at hand or what a connection needs', () => {
    assert.deepEqual(required('dist/proxy.cjs'), ['node:events', 'node:fs', 'node:net', 'node:os', 'node:path'])
  })

  it('shares no module with the rest of the program, whose errors it would not know', () => {
    assert.doesNotMatch(readFileSync(join(ROOT, 'dist/proxy.cjs'), 'utf8'), /\bimport\(/)
  })
})
