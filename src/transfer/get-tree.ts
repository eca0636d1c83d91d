import {mkdirSync, rmSync} from 'node:fs'
import {basename, dirname, join} from 'node:path'
import {FileError} from '../core/files.ts'
import {type Far, pathValue, talk} from './far.ts'
import {PACK, SUM_OF_LIST} from './far-scripts.ts'
import {feedWith} from './feed.ts'
import {partPath, sweepParts} from './local-parts.ts'
import {mergeInto} from './merge.ts'
import {checksumIn, partKey} from './part-key.ts'
import {refuseTooBig} from './place-file.ts'
import {ChecksumMismatchError, FileChangedError, NoTarError, TransferFailedError} from './refusals.ts'
import {refuseGet} from './sent-file.ts'
import {readTar} from './tar-reader.ts'
import type {TransferOptions, Transferred} from './transfer.ts'
import {type Announced, type Unpacking, unpackInto} from './unpack.ts'

export interface GetTree extends TransferOptions {
  /** Files and directories on the workspace, and what each becomes here: an absolute path. */
  readonly sources: readonly {readonly path: string; readonly to: string}[]
  readonly follows: boolean
  /** Directories too. */
  readonly isRecursive: boolean
}

/**
 * Gets several files, or directories with all in them, as archives: they are unpacked beside the target, compared, and
 * renamed. Throws what refusals.ts has.
 */
export async function getTree(far: Far, get: GetTree): Promise<Transferred> {
  const {sources, mayReplace, isVerified} = get
  const [first = ''] = sources.map(({to}) => to)
  const [folder, key] = [dirname(first), partKey(...sources.map(({to}) => basename(to)))]
  const stage = partPath(folder, key, 'tree')
  try {
    sweepParts(folder, key, undefined)
    mkdirSync(stage, {mode: 0o700})
  } catch (error) {
    throw new FileError('write', stage, error)
  }
  try {
    const received = await receive(far, get, stage)
    const {unpacking} = received
    if (isVerified && !(await isSame(far, sources, received)))
      throw new ChecksumMismatchError(sources[0]?.path ?? '', 'kept')
    if (unpacking.leftOut > 0)
      far.warn(
        `Left out: ${unpacking.leftOut} devices, pipes, or links that lead out of what was asked for (see --follow).`,
      )
    const moves = sources.map(({to}, at) => ({from: Buffer.from(join(stage, String(at))), to: Buffer.from(to)}))
    mergeInto(moves, mayReplace)
    return {files: unpacking.count, bytes: unpacking.bytesDone, resumedBytes: 0, isInto: false}
  } finally {
    rmSync(stage, {recursive: true, force: true})
  }
}

/** What would come. */
export async function announcedTree(
  far: Far,
  get: Pick<GetTree, 'sources' | 'follows' | 'isRecursive'>,
): Promise<Announced> {
  let announced: Announced | undefined
  const heard = await talk(far, packing({...get, isVerified: false}, 'yes'), ([word, ...rest]) => {
    if (word === 'no') refuseTree(get.sources, rest)
    if (word === 'total') announced = totalOf(rest)
    return undefined
  })
  if (announced === undefined) throw new TransferFailedError('read', get.sources[0]?.path ?? '', heard.said)
  return announced
}

const packing = (
  {sources, follows, isRecursive, isVerified}: Pick<GetTree, 'sources' | 'follows' | 'isRecursive' | 'isVerified'>,
  only: 'yes' | 'no',
) => ({
  variables: {verify: isVerified ? 'yes' : 'no', L: follows ? '-L' : '', only, deep: isRecursive ? 'yes' : 'no'},
  program: `set -- ${sources.map(({path}) => pathValue(path)).join(' ')}\n${PACK}`,
})

interface Received {
  readonly unpacking: Unpacking
  /** HOME of the workspace. */
  readonly home: Buffer
}

const receive = async (far: Far, get: GetTree, stage: string): Promise<Received> => {
  const {sources, meter} = get
  let unpacking: Unpacking | undefined
  let [archives, hasEnded, status] = [0, false, '0']
  let home: Buffer = Buffer.alloc(0)
  const {said} = await talk(far, packing(get, 'no'), ([word = '', ...rest]) => {
    if (word === 'no') refuseTree(sources, rest)
    if (word === 'total' && unpacking === undefined) {
      const announced = totalOf(rest)
      refuseTooBig(stage, announced.bytes)
      meter.total(announced.bytes)
      unpacking = unpackInto(announced, meter)
    }
    if ((word === 'dir' || word === 'file') && unpacking !== undefined && archives < sources.length) {
      unpacking.open(join(stage, String(archives)), word)
      archives += 1
      return readTar(unpacking)
    }
    if (word === 'packed') {
      unpacking?.close()
      status = rest[0] ?? ''
    }
    if (word === 'home') home = Buffer.from(rest.join(' '), 'latin1')
    if (word === 'end') hasEnded = true
    return undefined
  })
  if (unpacking !== undefined && hasEnded && archives === sources.length) return {unpacking, home}
  const path = sources[Math.max(0, archives - 1)]?.path ?? ''
  // GNU tar's status for a file that changed while it was read.
  throw status === '1' && said !== '' ? new FileChangedError(path) : new TransferFailedError('read', path, said)
}

/** Whether the files on the workspace, one behind the other, have the checksum of those here. */
const isSame = async (far: Far, sources: GetTree['sources'], {unpacking, home}: Received): Promise<boolean> => {
  if (unpacking.files.length === 0) return true
  const folders = sources.map(({path}) => listedPath(path, home))
  const slash = Buffer.from('/')
  const list = unpacking.files.flatMap(({archive, name}) => [
    ...[folders[archive] ?? slash, ...(name.length === 0 ? [] : [slash, name])],
    Buffer.alloc(1),
  ])
  let sum: string | undefined
  const feed = feedWith(
    far.streams,
    async function* () {
      yield Buffer.concat(list)
    },
    'at once',
  )
  const talking = talk(
    far,
    {variables: {verify: 'yes'}, program: SUM_OF_LIST, stdin: feed.input},
    ([word, ...rest]) => {
      if (word === 'sum') sum = checksumIn(rest)
      return undefined
    },
  )
  await feed.through(talking)
  return sum === unpacking.checksum()
}

/** As a program that knows no HOME takes it. */
const listedPath = (path: string, home: Buffer): Buffer => {
  if (path === '~' || path.startsWith('~/')) return Buffer.concat([home, Buffer.from(path.slice(1))])
  return Buffer.from(path.startsWith('/') ? path : `./${path}`)
}

const refuseTree = (sources: GetTree['sources'], [no = '', at]: readonly string[]): never => {
  if (no === 'tar') throw new NoTarError()
  return refuseGet(sources[Number(at ?? 0)]?.path ?? '', no)
}

const totalOf = ([entries = '', bytes = '']: readonly string[]): Announced => ({
  entries: /^\d{1,15}$/.test(entries) ? Number(entries) : 0,
  bytes: /^\d{1,15}$/.test(bytes) ? Number(bytes) : 0,
})
