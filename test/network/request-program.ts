import {deadlineIn} from '../../src/core/deadline.ts'
import {systemCode} from '../../src/core/errors.ts'
import {requestJson} from '../../src/network/request-json.ts'

/** A program: asks for an address with the built-in roots, and prints the status or the code of the failure. */
const [, , url = ''] = process.argv
const deadline = deadlineIn(10_000, new AbortController().signal)
const trust = {caFile: undefined, addedCaFile: undefined}
try {
  const {status} = await requestJson({method: 'GET', url: new URL(url), authorization: 'Token secret', trust, deadline})
  process.stdout.write(String(status))
} catch (error) {
  process.stdout.write(systemCode(error) ?? String(error))
}
