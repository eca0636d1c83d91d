import {join} from 'node:path'
import {ERROR_CODES, type ErrorCode, EXIT, type Facts, RuncodeError} from '../core/errors.ts'
import {readIfThere, removeWhole, writeWhole} from '../core/files.ts'

/** What the one who asked was told, for all who waited for it. */
class SharedRefusalError extends RuncodeError {}

const refusalFile = (folder: string): string => join(folder, 'refused')

/**
 * Keeps a refusal for those who wait for the lock that these words stand for: a control plane that said no once is not
 * asked the same by each of them, one after the other. What is no refusal, such as a full disk, each finds for itself.
 */
export async function keepRefusal(folder: string, words: string, error: unknown): Promise<void> {
  if (!(error instanceof RuncodeError) || error.exit !== EXIT.refused) return
  const {code, message, hint, retryable, facts} = error
  await writeWhole(refusalFile(folder), `${JSON.stringify({words, code, message, hint, retryable, facts})}\n`)
}

/** The refusal that one of those got whom we waited for, or undefined. */
export async function sharedRefusal(folder: string, waitedFor: ReadonlySet<string>): Promise<RuncodeError | undefined> {
  const text = waitedFor.size === 0 ? undefined : await readIfThere(refusalFile(folder))
  return text === undefined ? undefined : parseRefusal(text, waitedFor)
}

export const forgetRefusal = (folder: string): Promise<void> => removeWhole(refusalFile(folder))

/** What is on disk is disposable: a damaged refusal is none. */
const parseRefusal = (text: string, waitedFor: ReadonlySet<string>): RuncodeError | undefined => {
  try {
    const {words, code, message, hint, retryable, facts} = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (typeof words !== 'string' || !waitedFor.has(words)) return undefined
    if (!isCode(code) || typeof message !== 'string' || !isFacts(facts)) return undefined
    return new SharedRefusalError(message, {
      ...{code, facts},
      hint: typeof hint === 'string' ? hint : undefined,
      retryable: retryable === true,
    })
  } catch {
    return undefined
  }
}

const isCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(ERROR_CODES, value)
const isFacts = (value: unknown): value is Facts =>
  typeof value === 'object' && value !== null && Object.values(value).every((fact) => typeof fact !== 'object')
