const UNIT_SECONDS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86_400}

/**
 * Seconds of a duration such as `90`, `90s`, `30m`, `1h30m`; a bare integer is seconds. Undefined where the text is no
 * duration, or is zero.
 */
export const parseDuration = (text: string): number | undefined => {
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : unitsOf(text)
  return seconds === undefined || seconds === 0 ? undefined : seconds
}

const unitsOf = (text: string): number | undefined => {
  if (!/^(?:\d{1,9}[smhd])+$/.test(text)) return undefined
  let seconds = 0
  for (const [, count, unit] of text.matchAll(/(\d+)([smhd])/g))
    seconds += Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0)
  return seconds
}

/** A length of time for people: `27m`, `1h 5m`, `42s`; of two units the smaller is left out where it is zero. */
export const formatDuration = (totalSeconds: number): string => {
  const seconds = Math.max(0, Math.floor(totalSeconds))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`
}
