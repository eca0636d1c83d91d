import {join} from 'node:path'
import type {Deadline} from '../core/deadline.ts'
import {makePrivateFolder, removeEmptyFolders, removeWhole, writeWhole} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import {certificateFault, parseUserCertificate} from '../openssh/certificate.ts'
import {chooseControlPath} from '../openssh/choose-control-path.ts'
import {createKeyPair} from '../openssh/key-pair.ts'
import {renderKnownHosts} from '../openssh/known-hosts.ts'
import {canCarry, renderConfig, UnsafePathError} from '../openssh/render-config.ts'
import type {Route} from '../openssh/route.ts'
import {type ConnectionBundle, UnsafeBundleError} from '../workspace/connection-bundle.ts'
import type {Streams} from '../workspace/streams.ts'
import {createGeneration, setCurrent} from './generations.ts'
import {forgetRefusal, keepRefusal, sharedRefusal} from './refusal.ts'
import {isFresh, type Now, type Session, type SessionOwner} from './session.ts'
import {renderSession} from './session-file.ts'
import {readCurrentSession, sessionsFolder} from './session-store.ts'
import {sweepGenerations} from './sweep.ts'

/** What a control plane answered for a public key. */
export interface Mint {
  readonly bundle: ConnectionBundle
  /** How long the pass is worth, by the control plane's own clock, and never longer than asked for. */
  readonly lifetimeSeconds: number
  /** The control plane's own clock when it answered. */
  readonly serverNow: Date
  readonly streams: Streams
}

export interface OpenSessionOptions {
  readonly owner: SessionOwner
  readonly state: string
  readonly socketFolders: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly now: () => Now
  readonly deadline: Deadline
  /** Take a new pass even if the one at hand is good. */
  readonly force: boolean
  /** A pass that the gateway turned away. Any other good one will do: someone else may have renewed it already. */
  readonly refused?: Session | undefined
  /** Sends the public half of a new key, and nothing else of it, to the control plane. */
  readonly mint: (publicKey: string) => Promise<Mint>
  /** How ssh gets to the gateway by the config of the session. */
  readonly route: Route
  /** The key pair to register, where it is not to be one of the session's own; asked for under the workspace's lock. */
  readonly identity?: (() => Promise<Identity>) | undefined
}

/** A key pair in two files, `<identityFile>` and `<identityFile>.pub`. */
export interface Identity {
  readonly identityFile: string
  /** One line: `type base64 comment`. */
  readonly publicKey: string
}

export interface OpenedSession {
  readonly session: Session
  readonly isReused: boolean
  /** The host keys differ from those of the session before. */
  readonly isPinChanged: boolean
}

/**
 * The session to use for a workspace: the current one while its pass is good, else a new generation. One mint at a time
 * per workspace across processes; who waited for it shares what came of it, a refusal too. A refusal leaves the session
 * at hand as it was.
 */
export async function openSession(options: OpenSessionOptions): Promise<OpenedSession> {
  const {owner, state, force, refused, now, deadline, route} = options
  const isGood = (session: Session | undefined): session is Session =>
    session !== undefined &&
    session.folder !== refused?.folder &&
    session.isProxied === (route.length > 0 || undefined) &&
    isFresh(session, now())
  const atHand = await readCurrentSession(state, owner)
  if (!force && isGood(atHand)) return {session: atHand, isReused: true, isPinChanged: false}
  const folder = sessionsFolder(state, owner)
  // Before a pass is asked for that ssh could not be told of.
  if (!canCarry(folder)) throw new UnsafePathError(folder)
  await makePrivateFolder(folder)
  return withLock(join(folder, 'lock'), deadline, async ({words, waitedFor, isAwaited}) => {
    const current = await readCurrentSession(state, owner)
    const isNew = current?.folder !== atHand?.folder
    if ((!force || isNew) && isGood(current)) return {session: current, isReused: true, isPinChanged: false}
    const shared = await sharedRefusal(folder, waitedFor)
    try {
      if (shared !== undefined) throw shared
      const session = await createSession(options)
      await setCurrent(state, session)
      await sweepGenerations(state, owner, now())
      return {session, isReused: false, isPinChanged: current !== undefined && pinOf(current) !== pinOf(session)}
    } catch (error) {
      // Our own limit, or Ctrl-C, is no answer to anybody else; nor is what was an answer to another one.
      if (error !== shared && !deadline.signal.aborted) await keepRefusal(folder, words, error)
      if (!(await isAwaited())) await forgetRefusal(folder)
      throw error
    }
  }).catch(async (error: unknown) => {
    await removeEmptyFolders(folder, state)
    throw error
  })
}

const createSession = async (options: OpenSessionOptions): Promise<Session> => {
  const folder = await createGeneration(options.state, options.owner)
  try {
    return await fillGeneration(folder, options)
  } catch (error) {
    await removeWhole(folder)
    throw error
  }
}

const fillGeneration = async (folder: string, options: OpenSessionOptions): Promise<Session> => {
  const {owner, socketFolders, now, mint, route, identity = () => ownIdentity(folder, options)} = options
  const {identityFile, publicKey} = await identity()
  const {bundle, lifetimeSeconds, serverNow, streams} = await mint(publicKey)
  const certificate = judgeCertificate(bundle, publicKey, serverNow)
  const {date, uptimeSeconds} = now()
  const {host, port, user, hostKeys, workdir, webUrl} = bundle
  const session: Session = {
    ...{...owner, folder, host, port, user, hostKeys, workdir, webUrl},
    title: user,
    alias: `runcode-${user}`,
    configFile: join(folder, 'config'),
    controlPath: (await chooseControlPath(socketFolders, folder)).path,
    mintedAt: date,
    mintedAtUptimeSeconds: uptimeSeconds,
    lifetimeSeconds: Math.min(lifetimeSeconds, certificate?.lifetimeSeconds ?? Number.POSITIVE_INFINITY),
    ...(route.length === 0 ? {} : {isProxied: true}),
    ...(streams === 'bytes' ? {} : {streams}),
  }
  const knownHostsFile = join(folder, 'known_hosts')
  const certificateFile = certificate === undefined ? undefined : `${identityFile}-cert.pub`
  const {alias, controlPath} = session
  const target = {alias, host, port, user, hostKeys, identityFile, certificateFile, knownHostsFile, controlPath, route}
  await writeWhole(knownHostsFile, renderKnownHosts(host, port, hostKeys))
  if (certificateFile !== undefined) await writeWhole(certificateFile, `${bundle.certificate}\n`)
  await writeWhole(session.configFile, renderConfig(target))
  await writeWhole(join(folder, 'session.json'), renderSession(session))
  return session
}

const ownIdentity = async (folder: string, {env, deadline}: OpenSessionOptions): Promise<Identity> => {
  const identityFile = join(folder, 'id_ed25519')
  return {identityFile, publicKey: await createKeyPair(identityFile, env, deadline.signal)}
}

/** Nothing of a certificate reaches ssh before it was found to be ours, for this user, in time and without surprises. */
const judgeCertificate = (
  {certificate, user}: ConnectionBundle,
  publicKey: string,
  now: Date,
): {lifetimeSeconds: number} | undefined => {
  if (certificate === undefined) return undefined
  const parsed = parseUserCertificate(certificate)
  if (parsed === undefined)
    throw new UnsafeBundleError('credential', 'holds no certificate for an ed25519 key of a user')
  const fault = certificateFault(parsed, {publicKey, user, now})
  if (fault !== undefined) throw new UnsafeBundleError('credential', `holds a certificate that ${fault}`)
  return {lifetimeSeconds: (parsed.validBefore.getTime() - now.getTime()) / 1000}
}

const pinOf = ({hostKeys}: Session): string =>
  hostKeys
    .map(({type, base64}) => `${type} ${base64}`)
    .toSorted()
    .join('\n')
