// Preloaded into every run of the program under test (NODE_OPTIONS=--import): notes in a file what leaves the process
// with a token in it, and what each child process is given. One JSON object a line.
import childProcess from 'node:child_process'
import {appendFileSync, readFileSync} from 'node:fs'
import {Socket} from 'node:net'
import {join} from 'node:path'

const ledger = process.env.RUNCODE_TEST_LEDGER ?? ''
const note = (entry) => {
  try {
    appendFileSync(ledger, `${JSON.stringify(entry)}\n`, {mode: 0o600})
  } catch (error) {
    // A test that plays a full disk limits the size of every file (setrlimit(2)).
    if (error.code !== 'EFBIG') throw error
  }
}

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** The proxy of the environment, or of a profile; the token goes through it, and must be meant for the far side of its tunnel. */
const proxyPort = (profiles) => {
  const ofProfile = Object.values(profiles).find(({https_proxy: one}) => one)?.https_proxy
  const text = process.env.HTTPS_PROXY || ofProfile || ''
  return URL.canParse(text) ? Number(new URL(text).port || 80) : null
}

/** What belongs where at this moment, as the user's own files and environment say. */
const bindings = () => {
  const config = join(process.env.XDG_CONFIG_HOME || join(process.env.HOME ?? '', '.config'), 'runcode/cli')
  const {RUNCODE_TOKEN, RUNCODE_API_BASE} = process.env
  const {profiles = {}, default: usual} = readJson(join(config, 'profiles.json')) ?? {}
  const server = join(process.env.XDG_STATE_HOME || join(process.env.HOME ?? '', '.local/state'), 'runcode/cli/server')
  const {api_base: ownOrigin} = readJson(join(server, 'server.json')) ?? {}
  const kept = readJson(join(config, 'credentials.json'))?.tokens ?? []
  return {
    tokens: [
      ...(ownOrigin === undefined
        ? []
        : [{origin: ownOrigin, token: readFileSync(join(server, 'owner-token'), 'utf8').trim()}]),
      ...kept.map(({origin, token}) => ({origin, token})),
      ...(/^[\x21-\x7e]+$/.test(RUNCODE_TOKEN ?? '')
        ? [{origin: RUNCODE_API_BASE || 'https://app.runcode.io', token: RUNCODE_TOKEN}]
        : []),
    ],
    profiles: Object.fromEntries(Object.entries(profiles).map(([name, {api_base: base}]) => [name, base])),
    usual: usual ?? null,
    proxyPort: proxyPort(profiles),
  }
}

// What is written before there is a connection waits in the socket, and leaves only once there is one.
const whenConnected = (socket, act) =>
  socket.connecting || socket.secureConnecting
    ? socket.once(socket.encrypted ? 'secureConnect' : 'connect', act)
    : act()

Socket.prototype.write = function write(chunk, encoding, done) {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
  const sent = /^authorization: *\S+ (\S+)\r?$/im.exec(text)?.[1]
  if (sent !== undefined) {
    const entry = {
      kind: 'sent',
      argv: process.argv.slice(2),
      token: sent,
      isTls: this.encrypted === true,
      ...bindings(),
    }
    const host = /^host: *(\S+)\r?$/im.exec(text)?.[1] ?? null
    whenConnected(this, () =>
      note({...entry, host, port: this.remotePort ?? null, servername: this.servername || null}),
    )
  }
  return Object.getPrototypeOf(Socket.prototype).write.call(this, chunk, encoding, done)
}

const noteChild = (argv, env) => note({kind: 'child', argv, env, tokens: bindings().tokens})
const {spawn} = childProcess.ChildProcess.prototype
childProcess.ChildProcess.prototype.spawn = function spawnNoted(options) {
  noteChild([options.file, ...(options.args ?? [])], options.envPairs ?? [])
  return spawn.call(this, options)
}
