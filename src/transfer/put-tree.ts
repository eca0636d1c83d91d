import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {posix} from 'node:path'
import {FileError} from '../core/files.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {type Far, pathValue, talk, text} from './far.ts'
import {UNPACK} from './far-scripts.ts'
import {feedWith} from './feed.ts'
import {chunksOf} from './local-file.ts'
import type {LocalEntry, LocalTree} from './local-tree.ts'
import {partKey} from './part-key.ts'
import {refusePut} from './put-refusal.ts'
import {FileChangedError} from './refusals.ts'
import {TAR_END, type TarEntry, tarHeader, tarPadding} from './tar-header.ts'
import type {TransferOptions, Transferred} from './transfer.ts'

export interface PutTree extends TransferOptions {
  /** Entries whose names begin with one of `names`. */
  readonly tree: LocalTree
  readonly names: readonly string[]
  readonly target: string
}

/** Files of this size are read in one go, and sent together. */
const SMALL_BYTES = 1 << 16
const BATCH_BYTES = 1 << 20

/**
 * Puts several files, or directories with all in them, on the workspace as one archive: they are unpacked beside the target,
 * compared, and renamed. A single directory becomes the target where there is none.
 */
export async function putTree(far: Far, put: PutTree): Promise<Transferred> {
  const {tree, names, target, mayReplace, isVerified, meter, interrupted} = put
  const files = tree.entries.filter(({kind}) => kind === 'file')
  const bytes = files.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0)
  meter.total(bytes)
  meter.files(0, files.length)
  const [name = ''] = names
  const variables = {
    ...{target: pathValue(target), base: text(name), several: names.length > 1 || !isDirectory(tree) ? 'yes' : 'no'},
    ...{key_into: partKey(...names), key_as: partKey(posix.basename(target))},
    ...{clobber: mayReplace ? 'yes' : 'no', verify: isVerified ? 'yes' : 'no'},
  }
  const feed = feedWith(far.streams, () => archiveOf(put, files), 'at once')
  let [no, isPut, isInto]: [string | undefined, boolean, boolean] = [undefined, false, false]
  const talking = talk(far, {variables, program: UNPACK, stdin: feed.input}, ([word, first, second]) => {
    if (word === 'no') no = first
    if (word === 'put') isPut = true
    if (word === 'ready') isInto = second === '1'
    return undefined
  })
  const {said} = await feed.through(talking)
  throwIfInterrupted(interrupted)
  if (!isPut) refusePut(target, no, said)
  return {files: files.length, bytes, resumedBytes: 0, isInto}
}

const isDirectory = ({entries}: LocalTree): boolean => entries[0]?.kind === 'directory'

/** The tree as `t/…`, the list of its files, ended by zero bytes, and the checksum of all of them, one behind the other. */
async function* archiveOf({tree, isVerified, meter}: PutTree, files: readonly LocalEntry[]): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const batch: Buffer[] = []
  let [held, done, filesDone] = [0, 0, 0]
  const add = (...buffers: readonly Buffer[]): void => {
    batch.push(...buffers)
    for (const {length} of buffers) held += length
  }
  for (const entry of tree.entries) {
    add(tarHeader({...entry, name: inTree(entry.name)}))
    if (held >= BATCH_BYTES) {
      yield Buffer.concat(batch.splice(0))
      held = 0
    }
    if (entry.kind === 'file') {
      if (entry.sizeBytes <= SMALL_BYTES) {
        const bytes = wholeOf(entry)
        if (isVerified) hash.update(bytes)
        add(bytes)
      } else {
        yield Buffer.concat(batch.splice(0))
        held = 0
        let sent = 0
        for await (const chunk of bytesOf(entry)) {
          if (isVerified) hash.update(chunk)
          yield chunk
          sent += chunk.length
          meter.at(done + sent)
        }
      }
      add(tarPadding(entry.sizeBytes))
      done += entry.sizeBytes
      filesDone += 1
      meter.at(done)
      meter.files(filesDone, files.length)
    }
  }
  const list = Buffer.concat(files.flatMap(({name}) => [Buffer.from('./'), inTree(name), Buffer.alloc(1)]))
  add(...ownFile('list', list), ...ownFile('sum', Buffer.from(`${isVerified ? hash.digest('hex') : '-'}\n`)), TAR_END)
  yield Buffer.concat(batch)
}

const inTree = (name: Buffer): Buffer => Buffer.concat([Buffer.from('t/'), name])

const ownFile = (name: string, bytes: Buffer): readonly Buffer[] => {
  const entry: TarEntry = {name: Buffer.from(name), kind: 'file', sizeBytes: bytes.length, mode: 0o600, mtimeSeconds: 0}
  return [tarHeader(entry), bytes, tarPadding(bytes.length)]
}

/** Exactly as many as its header says. Throws FileChangedError. */
async function* bytesOf({path, sizeBytes}: LocalEntry): AsyncGenerator<Buffer> {
  let left = sizeBytes
  for await (const chunk of chunksOf(path, 0, undefined)) {
    left -= chunk.length
    if (left < 0) throw new FileChangedError(path.toString())
    yield chunk
  }
  if (left > 0) throw new FileChangedError(path.toString())
}

const wholeOf = ({path, sizeBytes}: LocalEntry): Buffer => {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new FileError('read', path.toString(), error)
  }
  if (bytes.length !== sizeBytes) throw new FileChangedError(path.toString())
  return bytes
}
