// Fuses packages of many files into one each, which Node finds, reads and links in a fraction of the time.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, relative} from 'node:path'
import {build} from 'esbuild'
import {writeCompiled} from './compile.js'
import {licencesOf} from './licences.js'

/** What commands that a person waits for load, and how it is called in dist. */
const PACKAGES = {'@oclif/core': 'oclif', got: 'got'}

/** Writes dist/<name>.cjs for each package, a module that hands on what is there, and lets dist import that; and their licences. */
export async function fusePackages(root) {
  const dist = `${root}dist`
  writeFileSync(`${dist}/late.cjs`, 'module.exports = (specifier) => import(specifier)\n')
  const fused = []
  for (const [name, short] of Object.entries(PACKAGES)) {
    const names = Object.keys(await import(name)).filter((one) => one !== 'default' && one !== 'module.exports')
    const contents = `export {${names.join(', ')}} from '${name}'\n`
    const hasDefault = 'default' in (await import(name))
    const {outputFiles, metafile} = await build({
      absWorkingDir: root,
      metafile: true,
      stdin: {contents: hasDefault ? `${contents}export {default} from '${name}'\n` : contents, resolveDir: root},
      plugins: [withoutHttp2],
      ...{bundle: true, platform: 'node', format: 'cjs', target: 'node20.19', minifyWhitespace: true, write: false},
    })
    fused.push(...Object.keys(metafile.inputs))
    writeCompiled(`${dist}/${short}.cjs`, './late.cjs', outputFiles[0].text)
    // Names of ours that no package exports.
    const lines = [
      "import {createRequire as $require} from 'node:module'",
      "import {fileURLToPath as $path} from 'node:url'",
      "const $bin = $require(import.meta.url)('../bin/run.js')",
      `const $all = $bin.load($path(new URL('${short}.cjs', import.meta.url)))`,
      `export const {${names.join(', ')}} = $all`,
      ...(hasDefault ? ['export default $all.default'] : []),
    ]
    writeFileSync(`${dist}/${short}.js`, `${lines.join('\n')}\n`)
  }
  writeFileSync(`${dist}/LICENCES.txt`, licencesOf(root, fused))
  for (const path of readdirSync(dist, {recursive: true})) if (path.endsWith('.js')) redirect(dist, path)
}

/** got loads it for requests that ask for HTTP/2, which none of ours does; it sets TLS up at once, for 30 ms. */
const withoutHttp2 = {
  name: 'without-http2',
  setup: ({onResolve, onLoad}) => {
    onResolve({filter: /^http2-wrapper$/}, ({path}) => ({path, namespace: 'none'}))
    onLoad({filter: /./, namespace: 'none'}, () => ({contents: 'export default undefined'}))
  },
}

const redirect = (dist, path) => {
  const text = readFileSync(`${dist}/${path}`, 'utf8')
  const there = (short) => {
    const from = relative(dirname(path), `${short}.js`)
    return from.startsWith('.') ? from : `./${from}`
  }
  const redirected = Object.entries(PACKAGES).reduce(
    (changed, [name, short]) =>
      changed
        .replaceAll(`from '${name}'`, `from '${there(short)}'`)
        .replaceAll(`import('${name}')`, `import('${there(short)}')`),
    text,
  )
  if (redirected !== text) writeFileSync(`${dist}/${path}`, redirected)
}
