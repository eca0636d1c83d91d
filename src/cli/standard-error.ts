import {printFor} from './locale.ts'

let isWatched = false

/** Our stderr, whose reader may leave: the exit status says enough then. Node takes a while to open it, so not before it is needed. */
export const standardError = (): NodeJS.WriteStream => {
  if (!isWatched) {
    process.stderr.on('error', () => undefined)
    printFor(process.stderr)
  }
  isWatched = true
  return process.stderr
}
