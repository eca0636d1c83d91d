import {createHash} from 'node:crypto'
import {mkdirSync, statSync} from 'node:fs'
import {basename, dirname, join, posix, resolve} from 'node:path'
import {FileError} from '../../core/files.ts'
import {InterruptedError} from '../../core/interrupted.ts'
import type {Sink} from '../../remote-command/pass-on.ts'
import type {Far} from '../../transfer/far.ts'
import {type Destination, getFile} from '../../transfer/get-file.ts'
import {announcedTree, getTree} from '../../transfer/get-tree.ts'
import {keepFile, OtherPartError} from '../../transfer/kept-file.ts'
import {ChecksumMismatchError, TransferLostError} from '../../transfer/refusals.ts'
import type {RemoteFile} from '../../transfer/sent-file.ts'
import type {TransferOptions, Transferred} from '../../transfer/transfer.ts'
import type {Naming} from '../choose-workspace.ts'
import type {Context} from '../context.ts'
import {type Place, withFarSide} from './far-side.ts'
import {TransferUsageError} from './put.ts'

export interface GetInput extends Naming, Omit<TransferOptions, 'interrupted'> {
  /** Paths on the workspace; relative ones are below the project directory. */
  readonly sources: readonly string[]
  /** A file or a directory here; `-`: stdout; undefined: the current directory. */
  readonly out: string | undefined
  readonly isRecursive: boolean
  readonly follows: boolean
  readonly isResumed: boolean
  readonly stdout: Sink
}

export interface Got extends Transferred {
  /** What each source became here, `-` for stdout. */
  readonly targets: readonly string[]
}

/** Throws TransferUsageError, FileError, and what transfer/refusals.ts has. */
export async function get(context: Context, input: GetInput): Promise<Got & Place> {
  refuseContradictions(input)
  const {sources, isRecursive, out} = input
  const [first = ''] = sources
  if (out === '-')
    return withFarSide(context, input, AGAIN, async (far) => ({...(await printed(far, input, first)), targets: ['-']}))
  const targets = targetsOf(context, input)
  return withFarSide(context, input, AGAIN, async (far) => {
    makeFolder(dirname(targets[0] ?? ''))
    const pairs = sources.map((path, at) => ({path, to: targets[at] ?? ''}))
    const [only] = pairs
    const isTree = isRecursive || pairs.length > 1
    const moved =
      isTree || only === undefined
        ? await getTree(far, {...input, interrupted: context.interrupted, sources: pairs})
        : await kept(far, input, only)
    return {...moved, targets}
  })
}

const AGAIN = 'Repeat the command; with --resume it goes on where it stopped.'

/** What would come, by the words of the workspace. */
export async function planGet(context: Context, input: GetInput) {
  refuseContradictions(input)
  const targets = input.out === '-' ? ['-'] : targetsOf(context, input)
  const sources = input.sources.map((path) => ({path, to: ''}))
  return withFarSide(context, input, AGAIN, async (far) => {
    const {entries, bytes} = await announcedTree(far, {...input, sources})
    return {entries, bytes, targets}
  })
}

const refuseContradictions = ({sources, out, isRecursive, isResumed}: GetInput): void => {
  if (sources.some((source) => source === '' || source === '-'))
    throw new TransferUsageError('A source is a path on the workspace.', 'As in: runcode get build/app.log')
  const isSeveral = isRecursive || sources.length > 1
  if (out === '-' && (isSeveral || isResumed))
    throw new TransferUsageError('Only one file goes to stdout, and from its beginning.', 'Name a directory: --out DIR')
  if (isSeveral && isResumed)
    throw new TransferUsageError(
      'Only a single file can be resumed.',
      'Of a directory, rsync goes on where it stopped.',
    )
}

/** A directory that is there, or ends with a slash, takes each source under its own name. */
const targetsOf = ({cwd}: Context, {sources, out = '.'}: GetInput): readonly string[] => {
  const place = resolve(cwd, out)
  const isFolder = sources.length > 1 || /[/\\]$/.test(out) || isDirectory(place)
  const targets = sources.map((source) => {
    if (!isFolder) return place
    const name = posix.basename(source)
    if (['', '.', '..', '~', '/'].includes(name))
      throw new TransferUsageError(
        `${source} has no name to be kept under.`,
        'Give one: --out DIR, where DIR is not there yet.',
      )
    return join(place, name)
  })
  const twice = targets.find((target, at) => targets.indexOf(target) !== at)
  if (twice !== undefined)
    throw new TransferUsageError(`Two sources are called ${basename(twice)}.`, 'Get them one after the other.')
  return targets
}

const makeFolder = (path: string): void => {
  try {
    mkdirSync(path, {recursive: true})
  } catch (error) {
    throw new FileError('write', path, error)
  }
}

const isDirectory = (path: string): boolean => statSync(path, {throwIfNoEntry: false})?.isDirectory() === true

const kept = async (far: Far, input: GetInput, {path, to}: {path: string; to: string}): Promise<Transferred> => {
  const {isResumed, mayReplace} = input
  const file = keepFile(to, {mayReplace, isResumed})
  try {
    const remote = await getFile(far, {...input, path}, file)
    await file.leave('part')
    file.commit(remote)
    return done(remote)
  } catch (error) {
    await file.leave(isForAnotherTime(error) ? 'part' : 'nothing').catch(() => undefined)
    // What was there before was not what it seemed.
    const isOther = error instanceof OtherPartError || (error instanceof ChecksumMismatchError && isResumed)
    if (isOther) return kept(far, {...input, isResumed: false}, {path, to})
    throw error
  }
}

/** The connection broke, or somebody wanted to go. */
const isForAnotherTime = (error: unknown): boolean =>
  error instanceof TransferLostError || error instanceof InterruptedError

const done = ({sizeBytes, from}: RemoteFile): Transferred => ({
  ...{files: 1, bytes: sizeBytes, resumedBytes: from, isInto: false},
})

const NO_MORE = Object.assign(new Error('it takes no more'), {code: 'EPIPE'})

const printed = async (far: Far, input: GetInput, path: string): Promise<Transferred> => {
  const hash = createHash('sha256')
  const never = new AbortController().signal
  const destination: Destination = {
    part: {known: '', from: 0},
    direct: undefined,
    begin: () => undefined,
    write: async (bytes) => {
      if (input.isVerified) hash.update(bytes)
      const isLeft = (await input.stdout(bytes, never)) === 'left'
      if (isLeft) throw new FileError('write', 'the output', NO_MORE)
    },
    checksum: async () => hash.digest('hex'),
  }
  try {
    return done(await getFile(far, {...input, path}, destination))
  } catch (error) {
    throw error instanceof ChecksumMismatchError ? new ChecksumMismatchError(path, 'written out') : error
  }
}
