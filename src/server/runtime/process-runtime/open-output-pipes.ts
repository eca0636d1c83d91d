import {execFile, execFileSync} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {closeSync, constants, mkdirSync, openSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {promisify} from 'node:util'

/** The two ends of a pipe, open. */
export interface OutputPipe {
  /** Does not block. */
  readonly readEnd: number
  /** The process's end, for spawn; to be closed when the process has it. */
  readonly writeEnd: number
}

/** For stdout and for stderr. */
export type OutputPipes = readonly [OutputPipe, OutputPipe]

export interface OutputPipeStock {
  /** Throws where none can be made. */
  take(): OutputPipes
  /** Closes those that nobody took. */
  clear(): Promise<void>
}

/**
 * Real pipes for stdout and stderr. Node gives a child socket pairs, which Linux does not open by /dev/stdout or
 * /dev/stderr (ENXIO): `echo failed > /dev/stderr` would fail in a workspace. Named pipes can be made without native
 * code; their names, in `folder`, are gone before the process runs. As making some costs a process, a batch is made at a
 * time, and ahead. Stdin stays a socket pair: opening a named pipe whose writer has finished blocks for good (fifo(7)),
 * so that `cat /dev/stdin` would hang where it now fails.
 */
export function createOutputPipeStock(folder: string): OutputPipeStock {
  removeLeft(folder)
  const ready: OutputPipes[] = []
  let filling: Promise<void> | undefined
  const makeNow = (): void => {
    const names = newNames(folder)
    try {
      makeFolder(folder)
      execFileSync('mkfifo', [...MKFIFO_OPTIONS, ...names], {stdio: 'ignore', timeout: MKFIFO_LIMIT_MS})
      openAll(names, ready)
    } finally {
      removeAll(names)
    }
  }
  const makeAhead = async (): Promise<void> => {
    const names = newNames(folder)
    try {
      makeFolder(folder)
      await promisify(execFile)('mkfifo', [...MKFIFO_OPTIONS, ...names], {timeout: MKFIFO_LIMIT_MS})
      openAll(names, ready)
    } catch {
      // Who finds none makes them himself, and says why he cannot.
    } finally {
      removeAll(names)
    }
  }
  return {
    take: () => {
      if (ready.length === 0) makeNow()
      const pipes = ready.shift()
      if (pipes === undefined) throw new Error('no pipe could be made')
      if (ready.length < BATCH / 2)
        filling ??= makeAhead().finally(() => {
          filling = undefined
        })
      return pipes
    },
    clear: async () => {
      await filling
      for (const pipe of ready.splice(0).flat()) closeBothEnds(pipe)
    },
  }
}

/** Each takes four descriptors. */
const BATCH = 16
const MKFIFO_OPTIONS = ['-m', '600'] as const
const MKFIFO_LIMIT_MS = 5000

/** What a server that was killed left. A workspace may have made it such that it cannot be removed, which harms nobody. */
const removeLeft = (folder: string): void => {
  try {
    rmSync(folder, {recursive: true, force: true})
  } catch {}
}

const newNames = (folder: string): string[] =>
  Array.from({length: 2 * BATCH}, () => join(folder, randomBytes(8).toString('hex')))

/** Commands have our rights, and may have removed it. */
const makeFolder = (folder: string): void => {
  mkdirSync(folder, {recursive: true, mode: 0o700})
}

const openAll = (names: readonly string[], pipes: OutputPipes[]): void => {
  for (let i = 0; i + 1 < names.length; i += 2) {
    const first = openBothEnds(names[i] ?? '')
    try {
      pipes.push([first, openBothEnds(names[i + 1] ?? '')])
    } catch (error) {
      closeBothEnds(first)
      throw error
    }
  }
}

/** The reader comes first and does not block: a writer waits until there is one. */
const openBothEnds = (name: string): OutputPipe => {
  const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return {readEnd, writeEnd: openSync(name, constants.O_WRONLY)}
  } catch (error) {
    closeSync(readEnd)
    throw error
  }
}

const removeAll = (names: readonly string[]): void => {
  for (const name of names) rmSync(name, {force: true})
}

const closeBothEnds = ({readEnd, writeEnd}: OutputPipe): void => {
  closeSync(readEnd)
  closeSync(writeEnd)
}
