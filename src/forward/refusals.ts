import {messageOf, systemCode} from '../core/errors.ts'

/** A page asks for a port again and again; its refusal is told this often. */
const TELL_EVERY_MS = 10_000
/** ssh says that the far side refused, and closes the connection; which we hear first is by chance. */
const BESIDE_MS = 500

/** Puts what ssh says of refused connections together with the connections that ended for it. */
export interface Refusals {
  /** ssh said that the far side did not connect, but not for whom. */
  note(reason: string): void
  /** A connection to this place ended without a word. */
  noteUnanswered(at: number): void
  /** A connection to this place could not be carried. */
  tell(at: number, reason: string): void
}

export function createRefusals(tellRefused: (at: number, reason: string) => void): Refusals {
  const toldMs = new Map<number, number>()
  let last: {readonly reason: string; readonly atMs: number} | undefined
  const tell = (at: number, reason: string): void => {
    const nowMs = performance.now()
    if (nowMs - (toldMs.get(at) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return
    toldMs.set(at, nowMs)
    tellRefused(at, reason)
  }
  return {
    note: (reason) => {
      last = {reason, atMs: performance.now()}
    },
    noteUnanswered: (at) => {
      setTimeout(() => {
        if (last !== undefined && performance.now() - last.atMs < 2 * BESIDE_MS) tell(at, last.reason)
      }, BESIDE_MS).unref()
    },
    tell,
  }
}

/** Why this machine took no connection, in words for a person. */
export const troubleText = (error: unknown): string =>
  ['EMFILE', 'ENFILE'].includes(systemCode(error) ?? '')
    ? 'this process has no file descriptors left (ulimit -n)'
    : messageOf(error)
