import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Context} from 'mocha'
import {skip} from './skip.ts'
import {until} from './until.ts'

/** A real Secret Service (gnome-keyring) on a bus of its own. */
export interface SecretService {
  /** What leads a program to it. */
  readonly env: Readonly<Record<string, string>>
  readonly keyring: ChildProcess
  stop(): void
}

/** Skips a suite where there is none. */
export function needSecretService(hook: Context): void {
  const isThere = ['dbus-daemon', 'gnome-keyring-daemon'].every((one) => spawnSync(one, ['--version']).status === 0)
  if (process.platform !== 'linux' || !isThere) skip(hook, 'no dbus-daemon and gnome-keyring')
}

/** Starts one, with folders of its own; it is unlocked. */
export async function startSecretService(): Promise<SecretService> {
  const folder = mkdtempSync(join(tmpdir(), 'rc-keyring-'))
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address'], {stdio: ['ignore', 'pipe', 'ignore']})
  const [address] = await once(bus.stdout, 'data')
  const way = {XDG_RUNTIME_DIR: folder, DBUS_SESSION_BUS_ADDRESS: String(address).trim()}
  const env = {...way, PATH: process.env['PATH'], HOME: folder}
  const keyring = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  keyring.stdin.end('password')
  await until(
    () => String(spawnSync('dbus-send', ['--print-reply', ...OWNER], {env}).stdout).includes('true'),
    () => 'no Secret Service',
  )
  return {
    ...{env: way, keyring},
    stop: () => {
      for (const one of [keyring, bus]) one.kill('SIGKILL')
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

const OWNER = [
  '--dest=org.freedesktop.DBus',
  '/',
  'org.freedesktop.DBus.NameHasOwner',
  'string:org.freedesktop.secrets',
]
