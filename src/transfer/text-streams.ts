import type {Sink} from '../remote-command/pass-on.ts'

// Streams of commands that carry text alone, whose end is never told: bytes go as base64 (RFC 4648, section 4), in lines,
// and an empty line is the end of stdin.

/** For sh on the workspace: `send` sends in base64; records are text as they are. macOS wraps no lines. */
export const TEXT_OUTPUT = `to64() { base64 | fold -w 76; echo; }; from64='base64 -d'
decodes() { [ "$(echo cg== | $from64 2>/dev/null)" = r ]; }
decodes || { to64() { openssl base64; }; from64='openssl base64 -d'; decodes; } || fail base64
send() { { r=$( { { "$@" 8>&- 9>&-; echo "$?" >&8; } | to64 >&9; } 8>&1 ); } 9>&1; return "$r"; }`

/** What goes before a program that reads stdin. */
export const TEXT_INPUT = `sed -n '/^$/q;p' | $from64`

const LINE_BYTES = 57
const LONGEST_LINE = 4096
/** Of records, see FarStream. */
const SEPARATOR = '\u001d'

/** Bytes as such a stdin. */
export async function* asText(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([held, chunk])
    const whole = bytes.length - (bytes.length % LINE_BYTES)
    held = bytes.subarray(whole)
    if (whole > 0) yield lines(bytes.subarray(0, whole))
  }
  yield Buffer.concat([lines(held), END])
}

/** sed of busybox goes on when it has seen one line more. */
const END = Buffer.from('\n\n')

const lines = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('base64').replaceAll(/.{1,76}/g, '$&\n'))

/** Hands on what such a stdout brought: lines of base64, and as they are records, each a line, and words of shell files. */
export function takeText(take: Sink): Sink {
  let held = ''
  return (chunk, signal) => {
    const all = (held + chunk.toString('latin1')).split('\n')
    // Who ends no line has no right to our memory.
    held = (all.at(-1)?.length ?? 0) > LONGEST_LINE ? '' : (all.pop() ?? '')
    const decoded = Buffer.concat(all.map(decodedLine))
    return decoded.length === 0 ? undefined : take(decoded, signal)
  }
}

const decodedLine = (line: string): Buffer => {
  const bytes = Buffer.from(line, 'base64')
  if (bytes.toString('base64') === line) return bytes
  return Buffer.from(line.startsWith(SEPARATOR) ? line : `${line}\n`, 'latin1')
}
