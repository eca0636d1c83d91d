// npm start: from a bare clone to a command that ran in a workspace over SSH. Plain JavaScript; see ensure-built.js.
import {spawnSync} from 'node:child_process'
import {existsSync} from 'node:fs'
import {homedir} from 'node:os'
import {fileURLToPath} from 'node:url'
import {ensureBuilt} from './ensure-built.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const self = process.platform === 'win32' ? 'node bin\\run.js' : './bin/run.js'

// What the user's shell names for other work must not send ours elsewhere.
const {RUNCODE_WORKSPACE: _workspace, RUNCODE_PROFILE: _profile, ...env} = process.env

const runcode = (args, stdio) =>
  spawnSync(process.execPath, [`${root}bin/run.js`, ...args], {cwd: root, stdio, env, encoding: 'utf8'})

/** Runs a command as a person would see it, and stops everything where it fails. */
const show = (...args) => {
  process.stdout.write(`\n$ ${self} ${args.join(' ')}\n`)
  const {status, error} = runcode(args, 'inherit')
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`It ended with status ${status}. "${self} doctor --profile local" may tell why.`)
}

const ask = (...args) => {
  const {stdout, status, stderr} = runcode([...args, '--json'], ['ignore', 'pipe', 'pipe'])
  if (status !== 0) throw new Error(`"${args.join(' ')}" ended with status ${status}: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

const closing = async () => {
  const {locateFolders} = await import('../dist/core/folders.js')
  const {platform} = process
  const {config, state} = locateFolders({env, home: env['HOME'] || homedir(), platform, uid: process.getuid?.()})
  const {pid, idle_seconds: idleSeconds} = ask('server', 'status')
  const socket = ask('connect', 'local:demo').control_path
  const left = [
    `${state}/server/`,
    `${state}/sessions/local/`,
    `${state}/attachments/`,
    `${config}/profiles.json`,
    `${config}/credentials.json`,
    socket,
  ]
  const ends =
    idleSeconds === null
      ? 'until it is told to end'
      : `ends by itself after ${Math.round(idleSeconds / 60)} idle minutes`
  return `
Next, from this folder:
  ${self} exec -- sh -c 'echo hello > greeting; ls -l'
  ${self} ssh local:demo
  ${self} status
  ${self} list --profile local
  ${self} --help

Left on this machine, besides node_modules and dist in this folder:
${left
  .filter((path) => path !== null && existsSync(path))
  .map((path) => `  ${path}\n`)
  .join('')}  process ${pid}: the server (${ends})
  one ssh process: the open connection (ends ten minutes after the last command)

All of that goes with:
  ${self} server down --purge
`
}

try {
  await ensureBuilt()
  show('server', 'up', '--idle', '1h')
  const {workspaces} = ask('server', 'workspace', 'list')
  if (!workspaces.some(({title}) => title === 'demo')) show('server', 'workspace', 'create', 'demo')
  show('connect', 'local:demo', '--start', '--wait')
  show('exec', '--', 'uname', '-a')
  process.stdout.write(await closing())
} catch (error) {
  process.stderr.write(`\nnpm start: ${error.message}\n`)
  process.exitCode = 1
}
