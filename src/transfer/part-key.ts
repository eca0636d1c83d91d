import {createHash} from 'node:crypto'

/** A name of constant length for the parts of a file, whatever it is called. */
export const partKey = (...words: readonly (string | number)[]): string =>
  createHash('sha256').update(words.join('\0')).digest('hex').slice(0, 16)

/** The checksum in what a program for SHA-256 prints. */
export const checksumIn = (words: readonly string[]): string | undefined =>
  /(?:^|\b)[0-9a-f]{64}\b/.exec(words.join(' '))?.[0]
