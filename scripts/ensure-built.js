// Installs and builds what is missing, and nothing else. Plain JavaScript: on a bare clone there is no package yet.
import {spawnSync} from 'node:child_process'
import {readdirSync, statSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const OLDEST_NODE = [20, 19]

/** Makes node_modules and dist what package-lock.json and src ask for; says what it does on stderr. */
export async function ensureBuilt() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Error(`runcode needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`)
  }
  if (timeOf('package-lock.json') > timeOf('node_modules/.package-lock.json')) install()
  const sources = Math.max(...['src', 'scripts'].map(newestIn), timeOf('package.json'), timeOf('tsconfig.json'))
  if (sources > timeOf('dist/.built')) {
    process.stderr.write('Building…\n')
    const {build} = await import('./build.js')
    await build()
  }
}

const install = () => {
  process.stderr.write('Installing packages…\n')
  // npm names itself to what it starts; on Windows it is a .cmd, which needs npm's own script and node.
  const npm = process.env['npm_execpath']
  const [program, before] = npm === undefined ? ['npm', []] : [process.execPath, [npm]]
  // Not "npm ci": it refuses a lock file that does not name the optional packages of every other platform.
  const {status, error} = spawnSync(program, [...before, 'install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error('npm could not install the packages.')
}

const timeOf = (path) => statSync(root + path, {throwIfNoEntry: false})?.mtimeMs ?? 0

const newestIn = (folder) =>
  Math.max(
    ...readdirSync(root + folder, {recursive: true, withFileTypes: true}).map(
      ({parentPath, name}) => statSync(`${parentPath}/${name}`).mtimeMs,
    ),
  )
