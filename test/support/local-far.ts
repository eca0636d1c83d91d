import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, symlinkSync, writeSync} from 'node:fs'
import {join} from 'node:path'
import {PassThrough} from 'node:stream'
import type {Far, FarRun} from '../../src/transfer/far.ts'
import type {Meter} from '../../src/transfer/transfer.ts'

export interface LocalFar extends Far {
  readonly warnings: readonly string[]
  /** How many programs were run there. */
  readonly calls: number
}

export interface LocalFarOptions {
  readonly cwd: string
  /** The words that run a program: `[...shell, '-c', program]`. */
  readonly shell?: readonly string[]
  readonly path?: string
  /** What its shell files print. */
  readonly noise?: string
  /** Changes a program before it is run. */
  readonly edit?: (script: string) => string
  readonly streams?: Far['streams']
}

/** A workspace that is a directory of this machine, without ssh between: programs run in a shell here. */
export function localFar({
  cwd,
  shell = ['sh'],
  path,
  noise = '',
  edit = (it) => it,
  streams = 'bytes',
}: LocalFarOptions): LocalFar {
  const warnings: string[] = []
  let calls = 0
  const run = async ({script, stdin, descriptor, stdout, stderr}: FarRun) => {
    calls += 1
    // As from sshd: before the program, on the stdout that it will have.
    if (descriptor === undefined && noise !== '') await stdout(Buffer.from(noise), new AbortController().signal)
    if (descriptor !== undefined) writeSync(descriptor, noise)
    const [program = 'sh', ...words] = shell
    const input =
      stdin === 'ignore' ? {stdio: 'ignore' as const, feed: () => undefined, close: () => undefined} : stdin()
    const child = spawn(program, [...words, '-c', edit(script)], {
      cwd,
      env: {PATH: path ?? process.env['PATH'], HOME: cwd, LC_ALL: 'C'},
      stdio: [input.stdio, descriptor ?? 'pipe', 'pipe'],
      detached: true,
    })
    // All that runs there, as the wrapper ends it.
    child.kill = (signal) => process.kill(-(child.pid ?? 0), signal)
    input.feed(child)
    const ended = once(child, 'close')
    const [out, err] = descriptor === undefined ? [child.stdout, child.stderr] : [child.stderr, undefined]
    const errors = (async () => {
      for await (const chunk of err ?? []) await stderr(chunk as Buffer, new AbortController().signal)
    })()
    let hasLeft = false
    for await (const chunk of out ?? []) {
      if (hasLeft) continue
      hasLeft = (await stdout(chunk as Buffer, new AbortController().signal)) === 'left'
      if (hasLeft) child.kill('SIGTERM')
    }
    await errors
    const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null]
    input.close()
    const endedBy = hasLeft ? ('reader' as const) : signal === null ? ('command' as const) : ('interruption' as const)
    return {exitCode: code ?? 143, endedBy}
  }
  return {
    run: streams === 'bytes' ? run : (far) => run(asStrings(far)),
    streams,
    warn: (message) => void warnings.push(message),
    warnings,
    get calls() {
      return calls
    },
  }
}

/** What is sent and said goes on as strings of JSON, in pieces; nobody tells that stdin has ended. */
const asStrings = (far: FarRun): FarRun => {
  assert.equal(far.descriptor, undefined)
  const {stdin, stdout} = far
  return {
    ...far,
    stdin:
      stdin === 'ignore'
        ? stdin
        : () => {
            const input = stdin()
            assert.equal(input.stdio, 'pipe')
            const feed = (child: ChildProcess): void => {
              const pipe = child.stdin
              const through = new PassThrough()
              through.on('data', (chunk: Buffer) => {
                for (const piece of pieces(chunk)) pipe?.write(piece)
              })
              pipe?.on('error', () => undefined)
              input.feed(Object.assign(Object.create(child), {stdin: through}))
            }
            return {...input, feed}
          },
    stdout: async (chunk, signal) => {
      for (const piece of pieces(chunk)) if ((await stdout(piece, signal)) === 'left') return 'left'
      return undefined
    },
  }
}

const pieces = (chunk: Buffer): readonly Buffer[] =>
  Array.from({length: Math.ceil(chunk.length / PIECE_BYTES)}, (_, at) =>
    Buffer.from(chunk.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES).toString('utf8')),
  )
const PIECE_BYTES = 8192

/** A PATH with these programs alone, each by way of busybox or of this machine's own. */
export function pathOf(folder: string, programs: readonly string[], program: (name: string) => string): string {
  mkdirSync(folder, {recursive: true})
  for (const name of programs) symlinkSync(program(name), join(folder, name))
  return folder
}

export const NO_METER: Meter = {total: () => undefined, at: () => undefined, files: () => undefined}

/** A meter, and what it was told of files. */
export function countingMeter(): readonly [string[], Meter] {
  const told: string[] = []
  return [told, {...NO_METER, files: (done, total) => told.push(`${done} of ${total ?? '?'}`)}]
}
