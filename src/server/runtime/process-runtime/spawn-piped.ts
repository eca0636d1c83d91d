import {spawn} from 'node:child_process'
import {closeSync} from 'node:fs'
import {Socket} from 'node:net'
import type {Readable} from 'node:stream'
import {type Ending, endingOf} from '../../../core/process.ts'
import type {RuntimeProcess} from '../runtime.ts'
import type {OutputPipe, OutputPipes} from './open-output-pipes.ts'
import {endGroup, signalGroup} from './process-group.ts'
import {stillbornProcess, unstartable} from './stillborn-process.ts'

/** What to run. */
export interface Program {
  readonly file: string
  /** What it is told that it is called. */
  readonly argv0: string
  readonly args: readonly string[]
}

export interface SpawnOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Runs a program on three pipes, in a process group of its own. Throws what `takePipes` throws. */
export function spawnPiped(program: Program, options: SpawnOptions, takePipes: () => OutputPipes): RuntimeProcess {
  // Windows has no named pipes among its files; there Node's own are as good.
  const pipes = process.platform === 'win32' ? undefined : takePipes()
  const child = spawnProgram(program, options, pipes?.map(({writeEnd}) => writeEnd) ?? ['pipe', 'pipe'])
  for (const {writeEnd} of pipes ?? []) closeSync(writeEnd)
  const [ownStdout, ownStderr] = pipes?.map(outputOf) ?? []
  const stdout = ownStdout ?? (child instanceof Error ? null : child.stdout)
  const stderr = ownStderr ?? (child instanceof Error ? null : child.stderr)
  if (child instanceof Error || child.pid === undefined || child.stdin === null || stdout === null || stderr === null) {
    stdout?.destroy()
    stderr?.destroy()
    return stillbornProcess(child instanceof Error ? Promise.resolve(unstartable(child)) : endingOf(child))
  }
  const {pid, stdin} = child
  let groupEnd: Promise<void> | undefined
  let isOver = false
  const wait = async (): Promise<Ending> => {
    const [ending] = await Promise.all([endingOf(child), closed(stdout), closed(stderr)])
    await groupEnd
    isOver = true
    return ending
  }
  return {
    stdin,
    stdout,
    stderr,
    ended: wait(),
    resize: () => undefined,
    signal: (name) => {
      if (!isOver) signalGroup(pid, name)
    },
    end: () => {
      if (!isOver) groupEnd ??= endGroup(pid)
    },
  }
}

const outputOf = ({readEnd}: OutputPipe): Socket => new Socket({fd: readEnd, readable: true, writable: false})

/** An Error where Node refuses the text: a command with a NUL in it. */
const spawnProgram = (
  {file, argv0, args}: Program,
  {cwd, env}: SpawnOptions,
  output: readonly (number | 'pipe')[],
): ReturnType<typeof spawn> | Error => {
  try {
    return spawn(file, [...args], {
      cwd,
      env: {...env},
      argv0,
      detached: true,
      windowsHide: true,
      stdio: ['pipe', ...output],
    })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const closed = async (stream: Readable): Promise<void> => {
  stream.on('error', () => undefined)
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()))
}
