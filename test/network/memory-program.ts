import {deadlineIn} from '../../src/core/deadline.ts'
import {RuncodeError} from '../../src/core/errors.ts'
import {requestJson} from '../../src/network/request-json.ts'

/** A program: asks an address, and prints the message of its failure and by how many MiB its memory grew at most. */
const [, , address = '', caFile = ''] = process.argv
const url = new URL(address)
const ask = (path: string): Promise<unknown> => {
  const deadline = deadlineIn(60_000, new AbortController().signal)
  const trust = {caFile, addedCaFile: undefined}
  return requestJson({method: 'GET', url: new URL(path, url), authorization: 'Token secret', trust, deadline})
}
// Loads and warms up what every request needs.
await ask('/small')
const beforeKiB = process.resourceUsage().maxRSS
const outcome = await ask(url.pathname).catch((error: unknown) => error)
const grownMiB = Math.round((process.resourceUsage().maxRSS - beforeKiB) / 1024)
const said = outcome instanceof RuncodeError ? outcome.message : outcome
process.stdout.write(JSON.stringify({said, grownMiB}))
