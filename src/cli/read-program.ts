import {createReadStream} from 'node:fs'
import {addAbortSignal, type Readable} from 'node:stream'
import {RuncodeError} from '../core/errors.ts'
import {FileError} from '../core/files.ts'
import {InterruptedError} from '../core/interrupted.ts'

/** It is held in memory. */
const LIMIT_BYTES = 16 << 20

/** A program to be sent along is larger than that. */
export class TooLargeProgramError extends RuncodeError {
  constructor(name: string) {
    super(`The program in ${name} is larger than 16 MiB.`, {
      code: 'usage',
      hint: 'Send its data on stdin of another command, and a small program that reads them.',
    })
  }
}

/** The program of `--script`, from a file or, for `-`, from our stdin. Throws FileError, InterruptedError. */
export async function readProgram(file: string, interrupted: AbortSignal): Promise<Buffer> {
  const name = file === '-' ? 'stdin' : file
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    const source: Readable = file === '-' ? process.stdin : createReadStream(file)
    for await (const chunk of addAbortSignal(interrupted, source) as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      sizeBytes += chunk.length
      if (sizeBytes > LIMIT_BYTES) break
    }
  } catch (error) {
    throw interrupted.aborted ? new InterruptedError() : new FileError('read', name, error)
  }
  if (sizeBytes > LIMIT_BYTES) throw new TooLargeProgramError(name)
  return Buffer.concat(chunks)
}
