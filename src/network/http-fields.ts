/** Nobody waits longer; a service that asks for more has not said when to come back. */
const LONGEST_WAIT_SECONDS = 86_400

/** The moment in an IMF-fixdate, the one form that is sent today (RFC 9110 section 5.6.7); undefined where it is none. */
export function parseHttpDate(value: string | undefined): Date | undefined {
  if (value === undefined || !/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(value))
    return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/**
 * The seconds, not negative, that a Retry-After asks for (RFC 9110 section 10.2.3); undefined for nonsense. A date is one
 * on the clock of the service, whose `now` comes with the same answer.
 */
export function parseRetryAfter(value: string | undefined, now: Date | undefined): number | undefined {
  if (value === undefined) return undefined
  const date = parseHttpDate(value)
  const fromDate =
    date === undefined || now === undefined
      ? undefined
      : Math.max(0, Math.ceil((date.getTime() - now.getTime()) / 1000))
  const seconds = /^\d{1,6}$/.test(value) ? Number(value) : fromDate
  return seconds === undefined || seconds > LONGEST_WAIT_SECONDS ? undefined : seconds
}
