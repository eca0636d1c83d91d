import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {accessSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {join} from 'node:path'
import type {FakeControlPlane} from './fake-control-plane.ts'
import {freePort} from './free-port.ts'
import {until} from './until.ts'

/** A company's way to the world: a proxy that wants a password (tinyproxy), and behind it one that reads all TLS (mitmproxy). */
export interface CorporateProxy {
  /** The address of the first, without user and password. */
  readonly host: string
  /** The authority that the second one signs with. */
  readonly caFile: string
  stop(): Promise<void>
}

/** Which of the programs is not installed, or undefined. */
export const whyNoCorporateProxy = (): string | undefined =>
  ['/usr/bin/tinyproxy', '/usr/bin/mitmdump'].find((path) => !isThere(path))

/** `https://<name>` leads to the control plane, and nobody but these proxies knows so. */
export async function startCorporateProxy(
  folder: string,
  {name, user, password, plane}: {name: string; user: string; password: string; plane: FakeControlPlane},
): Promise<CorporateProxy> {
  const confdir = join(folder, 'mitmproxy')
  mkdirSync(confdir, {recursive: true})
  const [reader, port] = [await freePort(), await freePort()]
  const options = [`confdir=${confdir}`, 'connection_strategy=lazy', `ssl_verify_upstream_trusted_ca=${plane.caFile}`]
  const mapped = ['--map-remote', `|https://${name}/|${plane.apiBase}/`]
  const words = [
    '--listen-host',
    '127.0.0.1',
    '-p',
    String(reader),
    ...options.flatMap((one) => ['--set', one]),
    ...mapped,
  ]
  const mitmdump = spawn('/usr/bin/mitmdump', words, {stdio: 'ignore'})
  const config = join(folder, 'tinyproxy.conf')
  writeFileSync(
    config,
    [`Port ${port}`, 'Listen 127.0.0.1', `BasicAuth ${user} ${password}`, `Upstream http 127.0.0.1:${reader}`, ''].join(
      '\n',
    ),
  )
  const tinyproxy = spawn('/usr/bin/tinyproxy', ['-d', '-c', config], {stdio: 'ignore'})
  const caFile = join(confdir, 'mitmproxy-ca-cert.pem')
  const stop = async (): Promise<void> => void (await Promise.all([mitmdump, tinyproxy].map(end)))
  await Promise.all([answers(reader), answers(port)]).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  await until(
    () => isThere(caFile) && readFileSync(caFile, 'utf8').includes('-----END'),
    () => `${caFile} is not there`,
  )
  return {host: `127.0.0.1:${port}`, caFile, stop}
}

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'close')
}

const answers = async (port: number): Promise<void> => {
  let isOpen = false
  const timer = setInterval(() => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('connect', () => {
      isOpen = true
      socket.destroy()
    })
  }, 50)
  await until(
    () => isOpen,
    () => `nobody listens at port ${port}`,
    30_000,
  ).finally(() => clearInterval(timer))
}

const isThere = (path: string): boolean => {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
