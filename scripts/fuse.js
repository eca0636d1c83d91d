// Fuses what `exec` loads while a pass is good into one file, and what `proxy` does into another: Node spends more time on
// finding, reading and linking 40 modules than on running them, and its loader of ES modules costs a start of its own.
// Plain JavaScript; see build.js.
import {writeFileSync} from 'node:fs'
import {dirname, relative, resolve} from 'node:path'
import {build} from 'esbuild'
import {writeCompiled} from './compile.js'

/** What bin/run.js asks for. */
const MAIN = 'cli/main.js'
const PROXY = 'cli/proxy-warm.js'

/** Modules of Node that are not needed there and take some ms to load: they are loaded at their first call. */
const LATE = ['node:child_process', 'node:crypto', 'node:fs/promises', 'node:tty']

/**
 * Writes dist/proxy.cjs, a program of its own that shares nothing with the rest. Writes dist/hot.cjs, and in the place of
 * each module in it one that hands on what is there: the rest of dist goes on importing the modules that it knows, and of
 * each class there is one.
 */
export async function fuse(root) {
  const dist = `${root}dist`
  const proxy = await build({...optionsOf(dist), entryPoints: [PROXY], write: false})
  writeCompiled(`${dist}/proxy.cjs`, './late.cjs', proxy.outputFiles[0].text)
  const exported = await exportsOf(dist, await closureOf(dist))
  const shortNames = new Map(
    exported.flatMap(({path, names}) => names.map((name) => `${path} ${name}`)).map((one, at) => [one, `_${at}`]),
  )
  const lines = exported.flatMap(({path, names}) =>
    names.map((name) => `import {${name} as ${shortNames.get(`${path} ${name}`)}} from './${path}'\n`),
  )
  const all = `let all\nexport const rest = () => (all ??= {${[...shortNames.values()].join(', ')}})\n`
  const contents = `export {main} from './${MAIN}'\n${lines.join('')}${all}`
  const {outputFiles} = await build({...optionsOf(dist), stdin: {contents, resolveDir: dist}, write: false})
  for (const {path, names} of exported) {
    const hot = relative(dirname(path), 'hot.js')
    const constants = names.map((name) => `export const ${name} = all.${shortNames.get(`${path} ${name}`)}\n`)
    writeFileSync(
      `${dist}/${path}`,
      `import all from '${hot.startsWith('.') ? hot : `./${hot}`}'\n${constants.join('')}`,
    )
  }
  // Not by import, for which Node would read the whole file once more, in search of names.
  const load = "createRequire(import.meta.url)('./hot.cjs')"
  writeFileSync(`${dist}/hot.js`, `import {createRequire} from 'node:module'\nexport default ${load}.rest()\n`)
  writeCompiled(`${dist}/hot.cjs`, './late.cjs', outputFiles[0].text)
}

const optionsOf = (dist) => ({
  absWorkingDir: dist,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  packages: 'external',
  minifyWhitespace: true,
  logLevel: 'warning',
  plugins: [leaving(dist), loadingLate],
})

/** What the fused modules load only when they need it stays a file of its own, beside them. */
const leaving = (dist) => ({
  name: 'leaving',
  setup: ({onResolve}) =>
    onResolve({filter: /^\./}, ({path, resolveDir, kind}) =>
      kind === 'dynamic-import' ? {path: `./${relative(dist, resolve(resolveDir, path))}`, external: true} : undefined,
    ),
})

const loadingLate = {
  name: 'loading-late',
  setup: ({onResolve, onLoad}) => {
    onResolve({filter: /^node:/}, ({path}) => (LATE.includes(path) ? {path, namespace: 'late'} : undefined))
    onLoad({filter: /./, namespace: 'late'}, async ({path}) => ({contents: functionsOf(path, await import(path))}))
  },
}

const functionsOf = (path, module) =>
  Object.keys(module)
    .filter((name) => name !== 'default' && typeof module[name] === 'function')
    .map((name) => `export const ${name} = (...args) => process.getBuiltinModule('${path}').${name}(...args)\n`)
    .join('')

/** The modules that are loaded when the entry is: all that it imports statically, and so on. */
const closureOf = async (dist) => {
  const options = {...optionsOf(dist), entryPoints: [MAIN], outdir: dist, write: false, metafile: true}
  const {metafile} = await build(options)
  return Object.keys(metafile.inputs).filter((path) => !path.startsWith('late:'))
}

/** What each module exports, types aside. */
const exportsOf = async (dist, modules) => {
  const options = {absWorkingDir: dist, entryPoints: modules, outdir: dist, outbase: dist, write: false, metafile: true}
  const {metafile} = await build({...options, logLevel: 'warning'})
  return Object.values(metafile.outputs)
    .map(({entryPoint, exports}) => ({path: entryPoint, names: exports.toSorted()}))
    .filter(({names}) => names.length > 0)
    .toSorted((a, b) => a.path.localeCompare(b.path))
}
