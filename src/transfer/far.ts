import {InterruptedError} from '../core/interrupted.ts'
import {printable} from '../core/printable.ts'
import {randomHex} from '../core/random-hex.ts'
import type {Input} from '../remote-command/input.ts'
import type {Sink} from '../remote-command/pass-on.ts'
import {quotePosix} from '../remote-command/quote-posix.ts'
import type {RemoteResult} from '../remote-command/run-remote.ts'
import type {Streams} from '../workspace/streams.ts'
import {FarStream, type Listener} from './far-stream.ts'
import {NoBase64Error} from './refusals.ts'
import {TEXT_INPUT, TEXT_OUTPUT, takeText} from './text-streams.ts'

export interface FarRun {
  /** A program for sh, without arguments. */
  readonly script: string
  readonly stdin: 'ignore' | (() => Input)
  /** Gets stdout past us; `stdout` then gets what comes on stderr. */
  readonly descriptor: number | undefined
  readonly stdout: Sink
  readonly stderr: Sink
}

/** Runs a program on the workspace, once, in the project directory, as `exec` does. */
export type RunFar = (run: FarRun) => Promise<Pick<RemoteResult, 'exitCode' | 'endedBy'>>

export interface Far {
  readonly run: RunFar
  readonly streams: Streams
  readonly warn: (message: string) => void
}

/** What is kept of the words of programs there. */
const SAID_BYTES = 4096

/**
 * Runs a program of ours on the workspace and hears its records. Gives what else it said on stderr. Throws
 * InterruptedError where a signal to us ended it.
 */
export async function talk(
  far: Far,
  {variables, program, stdin = 'ignore', descriptor}: Talk,
  listener: Listener,
): Promise<Told> {
  const nonce = randomHex(16)
  const assigned = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const isText = far.streams === 'text'
  const prelude = preludeOf(nonce, descriptor === undefined ? 1 : 2, isText ? String.raw`\n` : '')
  const codec = isText ? [TEXT_OUTPUT] : ['send() { "$@"; }']
  const body = isText && stdin !== 'ignore' ? `${TEXT_INPUT} | {\n${program}\n}` : program
  const script = [CLEAN, ...assigned, ...prelude, ...codec, HASHER, body].join('\n')
  const stream = new FarStream(nonce, (words) => {
    if (isText && words.join(' ') === 'no base64') throw new NoBase64Error()
    return listener(words)
  })
  let said: Buffer = Buffer.alloc(0)
  const stderr: Sink = (chunk) => {
    said = Buffer.concat([said, chunk]).subarray(-SAID_BYTES)
    return undefined
  }
  const take = (chunk: Buffer) => stream.take(chunk)
  const stdout = isText ? takeText(take) : take
  const {endedBy} = await far.run({script, stdin, descriptor, stdout, stderr})
  if (endedBy === 'interruption') throw new InterruptedError()
  stream.throwFailure()
  const [noise = ''] = stream.noise().trim().split('\n')
  if (descriptor !== undefined) return {said: printable(noise), isNoisy: false}
  if (noise !== '') far.warn(`Words that the shell files of the workspace print were left out: ${noise.slice(0, 100)}`)
  return {said: printable(reasonIn(said.toString('utf8'))), isNoisy: noise !== ''}
}

/** Programs of tar end with a line that only says that there were reasons. */
const reasonIn = (said: string): string =>
  said
    .trim()
    .split('\n')
    .findLast((line) => !/previous errors\.?$/.test(line)) ?? ''

export interface Told {
  /** The last line of stderr that gives a reason. */
  readonly said: string
  /** Whether shell files there print on stdout. */
  readonly isNoisy: boolean
}

export interface Talk {
  /** Values in the words of a shell, quoted where they are text. */
  readonly variables: Readonly<Record<string, string>>
  readonly program: string
  readonly stdin?: FarRun['stdin']
  /** Takes stdout past us: only records are heard, and only where shell files print nothing. */
  readonly descriptor?: number
}

/** Text as the value of a variable. */
export const text = (value: string | number): string => quotePosix(String(value))

/**
 * A path on the workspace as a value: absolute, below HOME with `~/`, else below the project directory. It begins with no
 * dash, and holds a slash.
 */
export const pathValue = (path: string): string => {
  if (path === '~') return '"$HOME"/.'
  if (path.startsWith('~/')) return `"$HOME"/${quotePosix(path.slice(2))}`
  return quotePosix(path.startsWith('/') ? path : `./${path}`)
}

/** SHA-256 of nothing: who tells it knows how. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** What a shell file may have set that changes what our programs do: left in place, tar would leave files out unseen. */
const CLEAN = 'unset IFS TAR_OPTIONS BLOCK_SIZE LS_BLOCK_SIZE'

/** `edge`: what keeps a record apart from what is before it and behind it. */
const preludeOf = (nonce: string, descriptor: 1 | 2, edge: string): readonly string[] => [
  `say() { printf '${edge}\\035${nonce} %s\\035${edge}' "$*" >&${descriptor}; }`,
  'fail() { say no "$@"; exit 0; }',
  "pick() { for p in 'openssl dgst -sha256' sha256sum 'shasum -a 256' 'sha256 -q'; do",
  `case $($p </dev/null 2>/dev/null) in *${EMPTY}*) hasher=$p; return 0;; esac; done; return 1; }`,
]

const HASHER = '[ "$verify" = no ] || pick || fail hasher'
