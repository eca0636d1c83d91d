import {createInterface} from 'node:readline/promises'
import {InterruptedError} from '../../core/interrupted.ts'
import {printable} from '../../core/printable.ts'

/** Asks on the terminal; anything but y or yes is a no. Throws InterruptedError at Ctrl-C. */
export async function askYes(question: string, interrupted: AbortSignal): Promise<boolean> {
  const lines = createInterface({input: process.stdin, output: process.stderr})
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return /^y(?:es)?$/i.test((await lines.question(`${printable(question)} [y/N] `, {signal: interrupted})).trim())
  } catch {
    throw new InterruptedError()
  } finally {
    lines.close()
  }
}
