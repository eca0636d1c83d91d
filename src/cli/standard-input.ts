import type {Readable} from 'node:stream'

/** Our stdin, opened when it is called: a program that only looks at it would take it from others. Ends at Ctrl-C. */
export const standardInput = (interrupted: AbortSignal): Readable => {
  interrupted.addEventListener('abort', () => void process.stdin.destroy(), {once: true})
  return process.stdin
}
