// npm run bench: installs and builds what is missing, then measures. Arguments go to bench/main.ts.
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir, userInfo} from 'node:os'
import {fileURLToPath} from 'node:url'
import {ensureBuilt} from './ensure-built.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = [process.execPath, '--import', 'tsx', `${root}bench/main.ts`, ...process.argv.slice(2)]

// Node 20 reads a whole bundle of certificates at each start where this is set.
const {NODE_EXTRA_CA_CERTS: _bundle, ...env} = process.env
const run = ([program, ...args]) => spawnSync(program, args, {cwd: root, stdio: 'inherit', env}).status ?? 1

/**
 * sshd gives a command to the login shell of the account, and what that reads first (pyenv, nvm) may take longer than
 * all that is measured. Where we may, the account has a plain shell and an empty home meanwhile, for us alone: root can
 * have a /etc/passwd of its own in a mount namespace (unshare(1)), which is gone with the last of us.
 */
const withPlainAccount = (measure) => {
  const {username, uid, gid} = userInfo()
  if (uid !== 0 || spawnSync('unshare', ['--mount', 'true']).status !== 0) return measure([])
  const home = mkdtempSync(`${tmpdir()}/rc-account-`)
  const account = `${username}:x:${uid}:${gid}::${home}:/bin/sh`
  const others = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith(`${username}:`))
  writeFileSync(`${home}/passwd`, [account, ...others].join('\n'))
  try {
    return measure(['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', `${home}/passwd`])
  } finally {
    rmSync(home, {recursive: true, force: true})
  }
}

// Ctrl-C goes to all of us; what measures takes back what it has set up, and we wait for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined)
try {
  await ensureBuilt()
  process.exitCode = withPlainAccount((before) => run([...before, ...words]))
} catch (error) {
  process.stderr.write(`npm run bench: ${error.message}\n`)
  process.exitCode = 1
}
