import {type Authority, ensureAuthority} from './ensure-authority.ts'

/** Watches over the leaf of a server that runs for months. */
export interface Renewal {
  /** Renews now where the leaf is due; tells whether it did. Throws what ensureAuthority throws. */
  check(): Promise<boolean>
  stop(): void
}

/**
 * Looks every hour, by the clock of the wall and not by a timer of months (a timer stands still while the machine
 * sleeps), and hands a renewed leaf to `onRenewed`. `onFailure` hears why a renewal failed; the next hour tries again.
 */
export function keepRenewed({folder, current, now, onRenewed, onFailure}: RenewalOptions): Renewal {
  let renewAt = current.renewAt
  const check = async (): Promise<boolean> => {
    if (now() < renewAt) return false
    const renewed = await ensureAuthority(folder, now())
    renewAt = renewed.renewAt
    onRenewed(renewed)
    return true
  }
  const timer = setInterval(() => void check().catch(onFailure), HOUR_MS).unref()
  return {check, stop: () => clearInterval(timer)}
}

const HOUR_MS = 3_600_000

/** What keepRenewed needs: the folder of the authority and the leaf in use. */
export interface RenewalOptions {
  readonly folder: string
  readonly current: Authority
  readonly now: () => Date
  readonly onRenewed: (renewed: Authority) => void
  readonly onFailure: (error: unknown) => void
}
