import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {request} from 'node:https'
import {join} from 'node:path'

/** How a client that is not ours reaches a control plane. */
export interface Account {
  readonly apiBase: string
  /** PEM */
  readonly caFile: string
  readonly token: string
}

export interface Answer {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

/** The fields of a bundle that such a client works with, as they came. */
export interface Bundle {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly known_hosts: string
  readonly workdir: string
  readonly expires_at: string
}

export interface Ran {
  readonly status: number | NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** One request with the headers of the contract and no other; a connection of its own, as plain clients have. */
export function ask({apiBase, caFile, token}: Account, method: string, path: string, body?: unknown): Promise<Answer> {
  const type = body === undefined ? {} : {'Content-Type': 'application/json'}
  const headers = {Authorization: `Token ${token}`, Accept: 'application/json', Connection: 'close', ...type}
  return new Promise((resolve, reject) => {
    const options = {method, headers, agent: false, ca: readFileSync(caFile)}
    const sent = request(`${apiBase}/api/rc${path}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({status: response.statusCode, type: response.headers['content-type'], body: JSON.parse(text)}),
      )
    })
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export interface MintOptions {
  readonly id: number
  /** Holds the session; made where there is none. */
  readonly folder: string
  readonly ttlSeconds?: number
}

/** A new key pair, and a session for it: known_hosts as it came, an ssh_config with a master. Gives the answer. */
export async function mint(account: Account, {id, folder, ttlSeconds = 1800}: MintOptions): Promise<Answer> {
  mkdirSync(folder, {recursive: true, mode: 0o700})
  const key = join(folder, 'id_ed25519')
  for (const file of [key, `${key}.pub`]) rmSync(file, {force: true})
  execFileSync('ssh-keygen', ['-t', 'ed25519', '-N', '', '-q', '-C', 'example-client', '-f', key])
  const wish = {public_key: readFileSync(`${key}.pub`, 'utf8').trim(), ttl: ttlSeconds, client: 'example'}
  const answer = await ask(account, 'POST', `/workspace/${id}/ssh-session`, wish)
  if (answer.status === 200) writeSession(folder, answer.body['bundle'] as Bundle)
  return answer
}

/** The bundle of the session in a folder. */
export const bundleIn = (folder: string): Bundle => JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8'))

/** Whether a folder holds a session; how much longer it is worth is not asked. */
export const hasSession = (folder: string): boolean => existsSync(join(folder, 'bundle.json'))

const writeSession = (folder: string, bundle: Bundle): void => {
  const {host, port, user} = bundle
  const place = (name: string): string => `"${join(folder, name)}"`
  const lines = [
    `Host box`,
    `HostName ${host}`,
    `Port ${port}`,
    `User ${user}`,
    `IdentityFile ${place('id_ed25519')}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${place('known_hosts')}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'BatchMode yes',
    'ControlMaster auto',
    `ControlPath ${place('cm')}`,
    'ControlPersist 300',
  ]
  writeFileSync(join(folder, 'config'), `${lines.join('\n')}\n`, {mode: 0o600})
  writeFileSync(join(folder, 'known_hosts'), bundle.known_hosts, {mode: 0o600})
  writeFileSync(join(folder, 'bundle.json'), JSON.stringify(bundle), {mode: 0o600})
}

/** ssh for the session in a folder; what it waits for on stdin is up to the caller. */
export const startSsh = (folder: string, args: readonly string[]): ChildProcess =>
  spawn('ssh', ['-F', join(folder, 'config'), ...args], {env: plainEnvironment(), stdio: 'pipe'})

/** Runs ssh for the session in a folder; the words of `args` go through as they are. */
export const ssh = (folder: string, args: readonly string[], input: Uint8Array | string = ''): Promise<Ran> =>
  outcomeOf(startSsh(folder, args), input)

/** Ends the connection of the session in a folder, if it has one. */
export const closeMaster = (folder: string): Promise<Ran> => ssh(folder, ['-O', 'exit', 'box'])

/** POSIX quotes: whatever is in it, one word for the shell. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Runs a program in an environment that knows no agent and no home. */
export const runProgram = (file: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ran> =>
  outcomeOf(
    spawn(file, args, {env: {...plainEnvironment(), ...options.env}, cwd: options.cwd, stdio: 'pipe'}),
    options.input ?? '',
  )

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: Uint8Array | string
}

const plainEnvironment = (): NodeJS.ProcessEnv => ({PATH: process.env['PATH'], LANG: 'C.UTF-8'})

const outcomeOf = (child: ChildProcess, input: Uint8Array | string): Promise<Ran> => {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      resolve({status: code ?? signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString()}),
    )
  })
}
