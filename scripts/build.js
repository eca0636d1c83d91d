// Builds dist/, oclif.manifest.json and the generated pages of docs/. Plain JavaScript: it runs before anything is built.
import {spawnSync} from 'node:child_process'
import {readFileSync, rmSync, writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {fuse} from './fuse.js'
import {fusePackages} from './fuse-packages.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Compiles src into dist, and writes what is derived from the commands. */
export async function build() {
  rmSync(`${root}dist`, {recursive: true, force: true})
  const {status} = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', root], {
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('The TypeScript compiler found mistakes.')
  await fusePackages(root)
  await fuse(root)
  for (const [path, text] of await generated()) writeFileSync(path, text)
  writeFileSync(`${root}dist/.built`, '')
}

/** Every generated file that is committed, with the text that it should have. */
export async function generated() {
  const {manifestText} = await import('./manifest.js')
  const {commandsPage, doctorPage, errorsPage} = await import('./pages.js')
  const manifest = await manifestText(root)
  return new Map([
    [`${root}oclif.manifest.json`, manifest],
    [`${root}docs/commands.md`, commandsPage(JSON.parse(manifest))],
    [`${root}docs/errors.md`, await errorsPage(root)],
    [`${root}docs/doctor.md`, await doctorPage(root)],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build()
  const {version} = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  process.stdout.write(`Built runcode ${version}.\n`)
}
