import type {GatewayOptions} from './gateway.ts'

export interface RefusalLimit {
  /** Records of `ssh_refused` in one window; the others are only counted. */
  readonly count: number
  /** From the first of them. */
  readonly windowMs: number
}

/**
 * Keeps strangers from filling a disk: records every event but `ssh_refused` as it is, that one so often, and how many
 * it left out (`ssh_refused_more`) when the window is over or `flush` is called.
 */
export function limitRefusals(
  record: GatewayOptions['record'],
  {count, windowMs}: RefusalLimit,
): {record: GatewayOptions['record']; flush: () => void} {
  let refused = 0
  let window: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(window)
    window = undefined
    const leftOut = refused - count
    refused = 0
    if (leftOut > 0) record('ssh_refused_more', {count: leftOut})
  }
  return {
    record: (event, facts) => {
      if (event !== 'ssh_refused') return record(event, facts)
      window ??= setTimeout(flush, windowMs).unref()
      refused += 1
      if (refused <= count) record(event, facts)
    },
    flush,
  }
}
