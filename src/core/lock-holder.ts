/** Which process holds a lock, or waits for one. */
export interface LockHolder {
  readonly pid: number
  /** When that process started, in the system's own words: a pid that was given out again is not the holder. */
  readonly started: string | null
  /** Within what the pid means that process. */
  readonly space: string
}

/** What a process says of itself in the file of a lock; undefined for any other text. */
export const parseLockHolder = (text: string): LockHolder | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value)) return undefined
    const {pid, started} = value
    const space = 'space' in value ? value.space : undefined
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0 || typeof space !== 'string') return undefined
    return {pid, started: typeof started === 'string' ? started : null, space}
  } catch {
    return undefined
  }
}
