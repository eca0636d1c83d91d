import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {tmpdir, userInfo} from 'node:os'
import {join} from 'node:path'
import {freePort} from './free-port.ts'

const PROGRAM = '/usr/sbin/sshd'

/** Why there is no sshd to test against, or undefined where there is one. */
export const whyNoSshd = (): string | undefined => (existsSync(PROGRAM) ? undefined : `no sshd (${PROGRAM})`)

/** OpenSSH's own server on loopback, for the user of this process, with keys that a test lets in. */
export interface RealSshd {
  readonly port: number
  readonly user: string
  /** `type base64` */
  readonly hostKey: string
  readonly folder: string
  /** Lets one public key in. */
  admit(publicKey: string): void
  /** A certificate for one public key by the authority that it trusts; nothing else is let in by it. */
  certify(publicKey: string, ...options: string[]): string
  /** What it logged so far. */
  log(): string
  /** Starts it again with another host key. */
  changeHostKey(): Promise<void>
  stop(): Promise<void>
}

/** `options` are further lines at the end of its config: of most words the first counts, of MaxStartups the last. */
export async function startRealSshd(options: readonly string[] = []): Promise<RealSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'rc-sshd-'))
  const port = await freePort()
  const {username: user, uid} = userInfo()
  // Its privilege separation wants this folder where it is started by root.
  if (uid === 0) mkdirSync('/run/sshd', {recursive: true})
  const keys = join(folder, 'authorized_keys')
  writeFileSync(keys, '', {mode: 0o600})
  const makeHostKey = (): string => {
    rmSync(join(folder, 'host_key'), {force: true})
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host_key')], {input: 'y\n'})
    return readFileSync(join(folder, 'host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' ').trim()
  }
  const hostKey = makeHostKey()
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'ca')])
  const config = join(folder, 'sshd_config')
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host_key')}`,
      `AuthorizedKeysFile ${keys}`,
      `TrustedUserCAKeys ${join(folder, 'ca.pub')}`,
      `PidFile ${join(folder, 'pid')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'UsePAM no',
      'StrictModes no',
      // The rc files of whoever runs the tests are none of theirs.
      `SetEnv HOME=${folder}`,
      'MaxStartups 100',
      'Subsystem sftp internal-sftp',
      'LogLevel VERBOSE',
      ...options,
      '',
    ].join('\n'),
  )
  let child = await start(config, folder, port)
  return {
    port,
    user,
    hostKey,
    folder,
    admit: (publicKey) => appendFileSync(keys, `${publicKey}\n`),
    certify: (publicKey, ...options) => {
      writeFileSync(join(folder, 'certified.pub'), `${publicKey}\n`)
      spawnSync('ssh-keygen', ['-q', '-s', join(folder, 'ca'), '-I', 'test', ...options, join(folder, 'certified.pub')])
      return readFileSync(join(folder, 'certified-cert.pub'), 'utf8')
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    changeHostKey: async () => {
      await end(child)
      makeHostKey()
      child = await start(config, folder, port)
    },
    stop: async () => {
      await end(child)
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

const start = async (config: string, folder: string, port: number): Promise<ChildProcess> => {
  const child = spawn(PROGRAM, ['-D', '-f', config, '-E', join(folder, 'log')], {stdio: 'ignore'})
  for (let tries = 0; tries < 100; tries += 1) {
    if (await answers(port)) return child
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`sshd did not start: ${readFileSync(join(folder, 'log'), 'utf8')}`)
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('close', () => resolve())
    child.kill('SIGTERM')
  })

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
