// Installs the packed program as its users do, into folders of its own, and uses it: the client alone, and with the server. Run by
// the Node that is to be tried; needs npm, a registry or a cache that has the packages, and OpenSSH. Plain JavaScript: it tries what
// was built, on Windows as well.
import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {ensureBuilt} from './ensure-built.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const isWindows = process.platform === 'win32'
const folder = mkdtempSync(join(tmpdir(), 'rc-install-'))

const run = (program, args, {cwd, env}) => {
  // On Windows npm and what it installs are .cmd files, which only a shell starts; no word here has anything special.
  const {status, stdout, stderr, error} = spawnSync(program, args, {cwd, env, encoding: 'utf8', shell: isWindows})
  if (error !== undefined) throw error
  return {status, stdout, stderr}
}

const npm = (args) => {
  const {status, stdout, stderr} = run('npm', args, {cwd: folder, env: process.env})
  assert.equal(status, 0, `npm ${args.join(' ')}: ${stderr}`)
  return stdout
}

/**
 * Installs it for everybody, or into a project: npm leaves optional packages out there only. Gives what runs it, in a home of its own.
 */
const install = (name, {isGlobal, more}) => {
  const prefix = join(folder, name)
  const home = join(folder, `${name}-home`)
  for (const one of [prefix, home]) mkdirSync(one)
  const [tarball] = readdirSync(folder).filter((one) => one.endsWith('.tgz'))
  const place = [...(isGlobal ? ['--global'] : []), '--prefix', prefix]
  npm(['install', ...place, '--ignore-scripts', '--prefer-offline', ...more, join(folder, tarball)])
  const globalBin = isWindows ? prefix : join(prefix, 'bin')
  const bin = isGlobal ? globalBin : join(prefix, 'node_modules', '.bin')
  // The Node that runs this comes first.
  const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter)
  const env = {...process.env, PATH: path, HOME: home, USERPROFILE: home, LOCALAPPDATA: home, APPDATA: home}
  return (args, expected = 0) => {
    const {status, stdout, stderr} = run('runcode', args, {cwd: home, env})
    assert.equal(status, expected, `runcode ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
    return stdout
  }
}

/** What both can do without anybody to talk to. */
const tryClient = (runcode) => {
  assert.match(runcode(['--version']), new RegExp(`node-${process.version}`))
  assert.match(runcode(['--help']), /connect/)
  assert.match(runcode(['completion', 'bash']), /complete -F/)
  assert.equal(JSON.parse(runcode(['exec', '--json', '--', 'true'], 125)).error, 'not_attached')
  assert.equal(JSON.parse(runcode(['list', '--json'], 1)).error, 'no_token')
}

const tryServer = (runcode) => {
  runcode(['server', 'up', '--idle', '5m'])
  try {
    runcode(['server', 'workspace', 'create', 'demo'])
    runcode(['connect', 'local:demo', '--start', '--wait'])
    assert.equal(runcode(['exec', '--', 'echo', 'it works']), 'it works\n')
  } finally {
    runcode(['server', 'down', '--purge'])
  }
}

try {
  await ensureBuilt()
  run('npm', ['pack', '--silent', '--pack-destination', folder], {cwd: root, env: process.env})
  const client = install('client', {isGlobal: false, more: ['--omit=optional']})
  tryClient(client)
  assert.equal(JSON.parse(client(['server', 'up', '--json'], 1)).error, 'missing_package')
  const whole = install('whole', {isGlobal: true, more: []})
  tryClient(whole)
  // A workspace is folders and processes of POSIX.
  if (!isWindows) tryServer(whole)
  process.stdout.write(
    `The packed program works on ${process.platform} with Node ${process.version}, with and without its server.\n`,
  )
} finally {
  rmSync(folder, {recursive: true, force: true, maxRetries: 5})
}
