import {redact} from './redact.ts'

type Facts = Readonly<Record<string, string | number | boolean | undefined>>

let write: ((line: string) => void) | undefined

/** From now on each step that is worth it goes to `to`, as a line of JSON without secrets. */
export const traceTo = (to: (line: string) => void): void => {
  write = to
}

export const isTraced = (): boolean => write !== undefined

/** Notes a step, where somebody wants to know: nothing is made of the facts where nobody does. */
export const trace = (step: string, facts: () => Facts): void => {
  if (write === undefined) return
  const at = new Date(performance.timeOrigin + performance.now()).toISOString()
  write(`${redact(JSON.stringify({at, pid: process.pid, step, ...facts()}))}\n`)
}
