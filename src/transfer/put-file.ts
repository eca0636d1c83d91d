import {createHash} from 'node:crypto'
import {posix} from 'node:path'
import type {Readable} from 'node:stream'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {type Far, pathValue, talk, text} from './far.ts'
import {COMMIT_LATER, PROBE, RECEIVE} from './far-scripts.ts'
import {feedWith} from './feed.ts'
import {type LocalFile, openLocalFile} from './local-file.ts'
import {checksumIn, partKey} from './part-key.ts'
import {refusePut} from './put-refusal.ts'
import {ChecksumMismatchError, FileChangedError} from './refusals.ts'
import {BLOCK_BYTES, type TransferOptions, type Transferred} from './transfer.ts'

export interface PutFile extends TransferOptions {
  /** A regular file here, or bytes whose number nobody knows before their end. */
  readonly source: {readonly path: string} | {readonly stream: () => Readable}
  readonly target: string
  /** Its name where the target is a directory. */
  readonly base: string
  readonly isResumed: boolean
}

/** A file that is as good as in memory is hashed before it is sent, and put in its place in the same breath. */
const SMALL_BYTES = 8 << 20

/** Puts one file on the workspace: a part beside the target, compared, then renamed. Throws what refusals.ts has. */
export async function putFile(far: Far, put: PutFile): Promise<Transferred> {
  if ('stream' in put.source) return putStream(far, put, put.source.stream)
  const file = openLocalFile(put.source.path)
  try {
    return await putKnown(far, put, file)
  } catch (error) {
    // What was there before was not what it seemed.
    if (!(error instanceof ChecksumMismatchError && put.isResumed)) throw error
    return await putKnown(far, {...put, isResumed: false}, file)
  } finally {
    file.close()
  }
}

const putKnown = async (far: Far, put: PutFile, file: LocalFile): Promise<Transferred> => {
  const {isVerified, isResumed, meter, target, interrupted} = put
  const {sizeBytes} = file
  const variables = variablesOf(put, file)
  meter.total(sizeBytes)
  const part = isResumed ? await findPart(far, variables, file) : undefined
  const from = (part?.blocks ?? 0) * BLOCK_BYTES
  const isSmall = sizeBytes <= SMALL_BYTES
  const early = isVerified && isSmall ? await file.checksum(interrupted) : undefined
  const hashing = isVerified && !isSmall ? file.checksum(interrupted) : undefined
  hashing?.catch(() => undefined)
  let heard = NOTHING_HEARD
  const program = {...variables, old: text(part?.old ?? 0), blocks: text(part?.blocks ?? 0)}
  const sending = file.sending(from, meter, far.streams)
  const talking = talk(
    far,
    {
      variables: {...program, expected: text(early ?? (isVerified ? '' : ' '))},
      program: RECEIVE,
      stdin: sending.input,
    },
    (words) => {
      heard = hear(heard, words)
      if (words[0] === 'ready') sending.begin()
      return undefined
    },
  )
  const {said} = await sending.through(talking)
  throwIfInterrupted(interrupted)
  const done = {files: 1, bytes: sizeBytes, resumedBytes: from, isInto: heard.isInto}
  if (heard.no !== undefined || (!heard.hasGot && !heard.isPut)) refusePut(target, heard.no, said)
  if (!heard.isPut) {
    const isSame = hashing === undefined || heard.sum === (await hashing)
    const keep = isSame && !file.hasChanged()
    await settle(far, put, {...program, old: text(heard.pid), keep: keep ? 'yes' : 'no'})
    if (!keep) throw file.hasChanged() ? new FileChangedError(file.path) : new ChecksumMismatchError(target, 'kept')
  }
  meter.at(sizeBytes)
  return done
}

const putStream = async (far: Far, put: PutFile, open: () => Readable): Promise<Transferred> => {
  const {isVerified, meter, target, interrupted} = put
  const variables = {...variablesOf(put, undefined), old: '0', blocks: '0'}
  const hash = createHash('sha256')
  let bytes = 0
  const feed = feedWith(
    far.streams,
    async function* () {
      for await (const chunk of open() as AsyncIterable<Buffer>) {
        if (isVerified) hash.update(chunk)
        bytes += chunk.length
        meter.at(bytes)
        yield chunk
      }
    },
    'when ready',
  )
  let heard = NOTHING_HEARD
  const talking = talk(far, {variables, program: RECEIVE, stdin: feed.input}, (words) => {
    heard = hear(heard, words)
    if (words[0] === 'ready') feed.begin()
    return undefined
  })
  const {said} = await feed.through(talking)
  throwIfInterrupted(interrupted)
  if (heard.no !== undefined || !heard.hasGot) refusePut(target, heard.no, said)
  const keep = heard.bytes === bytes && (!isVerified || heard.sum === hash.digest('hex'))
  await settle(far, put, {...variables, old: text(heard.pid), keep: keep ? 'yes' : 'no'})
  if (!keep) throw new ChecksumMismatchError(target, 'kept')
  return {files: 1, bytes, resumedBytes: 0, isInto: heard.isInto}
}

/** Puts what arrived in its place, or takes it away. */
const settle = async (far: Far, {target}: PutFile, variables: Readonly<Record<string, string>>): Promise<void> => {
  let heard = NOTHING_HEARD
  const {said} = await talk(far, {variables: {...variables, verify: 'no'}, program: COMMIT_LATER}, (words) => {
    heard = hear(heard, words)
    return undefined
  })
  if (variables['keep'] === 'yes' && !heard.isPut) refusePut(target, heard.no, said)
}

interface Heard {
  readonly pid: number
  readonly isInto: boolean
  readonly hasGot: boolean
  readonly bytes: number
  readonly sum: string | undefined
  readonly isPut: boolean
  readonly no: string | undefined
}
const NOTHING_HEARD: Heard = {
  ...{pid: 0, isInto: false, hasGot: false, bytes: 0, sum: undefined, isPut: false, no: undefined},
}

const hear = (heard: Heard, [word = '', ...rest]: readonly string[]): Heard => {
  const [first = '', second] = rest
  if (word === 'ready') return {...heard, pid: Number(first), isInto: second === '1'}
  if (word === 'got') return {...heard, hasGot: true, bytes: Number(first), sum: checksumIn(rest.slice(1))}
  if (word === 'put') return {...heard, isPut: true}
  return word === 'no' ? {...heard, no: first} : heard
}

const variablesOf = ({target, base, mayReplace, isVerified}: PutFile, file: LocalFile | undefined) => ({
  ...{target: pathValue(target), base: text(base), several: 'no'},
  ...{key_into: partKey(base), key_as: partKey(posix.basename(target))},
  clobber: mayReplace ? 'yes' : 'no',
  verify: isVerified ? 'yes' : 'no',
  expected: text(''),
  size: file === undefined ? '-' : text(file.sizeBytes),
  source: file === undefined ? 'stream' : partKey(file.sizeBytes, file.mtimeMs),
  mode: file === undefined ? '=rw' : file.mode.toString(8),
  stamp: text(file === undefined ? '' : stampOf(file.mtimeMs)),
})

/** A time as touch(1) takes it everywhere, in UTC; empty where it cannot be said so. */
const stampOf = (ms: number): string => {
  const [, date, time, seconds] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):(\d\d)/.exec(new Date(ms).toISOString()) ?? []
  return date === undefined || ms < 0 ? '' : `${`${date}${time}`.replaceAll(/[-:]/g, '')}.${seconds}`
}

interface Part {
  readonly old: number
  readonly blocks: number
}

/** What is there of this very file, if its end is the same as here. */
const findPart = async (
  far: Far,
  variables: Readonly<Record<string, string>>,
  file: LocalFile,
): Promise<Part | undefined> => {
  const found: {part: Part; sum: string | undefined}[] = []
  await talk(far, {variables, program: PROBE}, ([word, old, blocks, ...sum]) => {
    if (word === 'part') found.push({part: {old: Number(old), blocks: Number(blocks)}, sum: checksumIn(sum)})
    return undefined
  })
  const [{part, sum} = {part: undefined, sum: undefined}] = found
  if (part === undefined || part.blocks * BLOCK_BYTES > file.sizeBytes) return undefined
  return sum === file.checksumOfBlock(part.blocks - 1) ? part : undefined
}
