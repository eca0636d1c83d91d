import type {PinnedKey} from '../openssh/known-hosts.ts'
import type {WorkspaceId} from '../workspace/workspace.ts'

/** Which workspace of which account a session opens. */
export interface SessionOwner {
  /** The account's name on this machine; also the name of a folder. */
  readonly account: string
  /** The origin of the control plane that gave the pass: `https://host[:port]`. */
  readonly origin: string
  readonly workspaceId: WorkspaceId
}

/** Whose sessions are meant to end; an undefined origin means those of every control plane that the account had. */
export type EndedOwner = Omit<SessionOwner, 'origin'> & {readonly origin: string | undefined}

/** One pass to one workspace, as it lies on disk: one generation, never changed after it was written. */
export interface Session extends SessionOwner {
  /** The folder of this generation, absolute; its name is its identity. */
  readonly folder: string
  readonly title: string
  readonly alias: string
  readonly configFile: string
  readonly controlPath: string | undefined
  readonly host: string
  readonly port: number
  readonly user: string
  readonly hostKeys: readonly PinnedKey[]
  readonly workdir: string | undefined
  readonly webUrl: string | undefined
  /** When the pass was received, on this machine's clock and as seconds since its boot. */
  readonly mintedAt: Date
  readonly mintedAtUptimeSeconds: number
  /** How long the pass was worth then, by the control plane's own clock. */
  readonly lifetimeSeconds: number
  /** Whether its config makes ssh connect by our ProxyCommand; absent where ssh connects itself. */
  readonly isProxied?: true
  /** Absent where they carry bytes. */
  readonly streams?: 'text'
}

/** A moment on both of this machine's clocks; the uptime can't be set back by hand. */
export interface Now {
  readonly date: Date
  readonly uptimeSeconds: number
  /**
   * How long it slept since its boot. Only what it grows by counts: a container may have an uptime of its own. Where no
   * clock stands still in sleep (macOS) it never grows.
   */
  readonly sleptSeconds: number
}

/** A pass that ends sooner than this is not begun with. */
export const MARGIN_SECONDS = 90

/**
 * What is left of a pass. Both clocks count and the one that says less wins: a wall clock that was set back cannot
 * make a pass longer. After a boot the uptime says nothing.
 */
export function remainingSeconds(
  session: Pick<Session, 'mintedAt' | 'mintedAtUptimeSeconds' | 'lifetimeSeconds'>,
  now: Now,
): number {
  const byDate = (now.date.getTime() - session.mintedAt.getTime()) / 1000
  const byUptime = now.uptimeSeconds - session.mintedAtUptimeSeconds
  return session.lifetimeSeconds - Math.max(0, byDate, byUptime)
}

/** Whether a new connection may begin on this pass. */
export const isFresh = (session: Session, now: Now): boolean => remainingSeconds(session, now) > MARGIN_SECONDS

/** The end of the pass on this machine's clock. */
export const expiresAt = (session: Session): Date =>
  new Date(session.mintedAt.getTime() + session.lifetimeSeconds * 1000)
