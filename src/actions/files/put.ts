import {lstatSync, statSync} from 'node:fs'
import {basename, resolve} from 'node:path'
import type {Readable} from 'node:stream'
import {RuncodeError} from '../../core/errors.ts'
import {FileError} from '../../core/files.ts'
import {type LocalTree, walkTree} from '../../transfer/local-tree.ts'
import {putFile} from '../../transfer/put-file.ts'
import {putTree} from '../../transfer/put-tree.ts'
import {NoSuchFileError} from '../../transfer/refusals.ts'
import type {TransferOptions, Transferred} from '../../transfer/transfer.ts'
import type {Naming} from '../choose-workspace.ts'
import type {Context} from '../context.ts'
import {type Place, withFarSide} from './far-side.ts'

export interface PutInput extends Naming, Omit<TransferOptions, 'interrupted'> {
  /** Paths here, or `-` alone for stdin. */
  readonly sources: readonly string[]
  /** A path on the workspace; a relative one is below the project directory. */
  readonly target: string
  /** Directories with all that is in them. */
  readonly isRecursive: boolean
  /** What a link leads to, instead of the link. */
  readonly follows: boolean
  readonly isResumed: boolean
  readonly stdin: () => Readable
}

/** What is asked for is no transfer. */
export class TransferUsageError extends RuncodeError {
  constructor(message: string, hint: string) {
    super(message, {code: 'usage', hint})
  }
}

/** What would be put, without a word to anybody. */
export interface PutPlan {
  readonly files: number
  readonly bytes: number | null
  readonly paths: readonly string[]
}

type Plan =
  | {readonly kind: 'stream'}
  | {readonly kind: 'file'; readonly path: string; readonly bytes: number}
  | {readonly kind: 'tree'; readonly tree: LocalTree; readonly names: readonly string[]}

/** Throws TransferUsageError, NoSuchFileError, FileError, and what transfer/refusals.ts has. */
export async function put(context: Context, input: PutInput): Promise<Transferred & Place> {
  const plan = planOf(context, input)
  const {sources, target, isResumed} = input
  const [first = ''] = sources
  const options = {...input, interrupted: context.interrupted}
  if (plan.kind === 'tree' && plan.tree.leftOut.length > 0)
    context.warn(`Left out, since they are no files: ${plan.tree.leftOut.slice(0, 5).join(', ')}.`)
  return withFarSide(context, input, AGAIN, (far) => {
    if (plan.kind === 'tree') return putTree(far, {...options, ...plan})
    const source = plan.kind === 'file' ? {path: plan.path} : {stream: input.stdin}
    const base = plan.kind === 'file' ? basename(plan.path) : basename(first)
    return putFile(far, {...options, source, target, base, isResumed})
  })
}

const AGAIN = 'Repeat the command; with --resume it goes on where it stopped.'

/** What put() would send. */
export function planPut(context: Context, input: PutInput): PutPlan {
  const plan = planOf(context, input)
  if (plan.kind === 'stream') return {files: 1, bytes: null, paths: ['-']}
  if (plan.kind === 'file') return {files: 1, bytes: plan.bytes, paths: [plan.path]}
  const files = plan.tree.entries.filter(({kind}) => kind === 'file')
  const bytes = files.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0)
  return {files: files.length, bytes, paths: files.map(({path}) => path.toString())}
}

const planOf = ({cwd}: Context, {sources, target, isRecursive, follows, isResumed}: PutInput): Plan => {
  if (target === '' || target === '-' || sources.length === 0)
    throw new TransferUsageError('There is no target on the workspace.', 'As in: runcode put notes data')
  if (sources.includes('-')) {
    if (sources.length > 1)
      throw new TransferUsageError('"-" goes with no other source.', 'Put them one after the other.')
    if (isResumed) throw new TransferUsageError('What comes on stdin cannot be resumed.', 'Put it from a file.')
    return {kind: 'stream'}
  }
  const roots = sources.map((source) => ({path: resolve(cwd, source), name: basename(resolve(cwd, source))}))
  const isDirectory = roots.map(({path}) => statOf(path).isDirectory())
  const folder = roots[isDirectory.indexOf(true)]
  if (folder !== undefined && !isRecursive)
    throw new TransferUsageError(`${folder.path} is a directory.`, 'Put it with all that is in it: -r')
  const [only] = roots
  if (roots.length === 1 && folder === undefined && only !== undefined) {
    const stats = statOf(only.path)
    if (!stats.isFile())
      throw new NoSuchFileError(`${only.path} is no regular file.`, only.path, 'Hand it over on stdin, which is "-".')
    return {kind: 'file', path: only.path, bytes: stats.size}
  }
  if (isResumed)
    throw new TransferUsageError(
      'Only a single file can be resumed.',
      'Of a directory, rsync goes on where it stopped.',
    )
  const names = roots.map(({name}) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new TransferUsageError(`Two sources are called ${twice}.`, 'Put them one after the other.')
  return {kind: 'tree', tree: walkTree(roots, {follows}), names}
}

const statOf = (path: string) => {
  try {
    return statSync(path)
  } catch (error) {
    const isThere = lstatSync(path, {throwIfNoEntry: false}) !== undefined
    if (isThere) throw new FileError('read', path, error)
    throw new NoSuchFileError(`${path} is not here.`, path, 'Check the path.')
  }
}
