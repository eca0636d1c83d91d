/** Archives are made of blocks (POSIX pax, ustar interchange format). */
export const TAR_BLOCK_BYTES = 512

export interface TarEntry {
  readonly name: Buffer
  readonly kind: 'directory' | 'file' | 'link'
  readonly sizeBytes: number
  readonly mode: number
  readonly mtimeSeconds: number
  /** Of a link. */
  readonly target?: Buffer | undefined
}

const TYPES = {file: '0', directory: '5', link: '2'}
/** What the first 100 bytes cannot hold goes before it as an entry of its own, in GNU's way, which every tar reads. */
const LONG_NAME = 'L'
const LONG_TARGET = 'K'
const FIELD_BYTES = 100
const NONE = Buffer.alloc(0)

/** The header of an entry; its bytes follow, filled up to whole blocks. Nobody owns what is in our archives. */
export function tarHeader({name, kind, sizeBytes, mode, mtimeSeconds, target = NONE}: TarEntry): Buffer {
  const full = kind === 'directory' ? Buffer.concat([name, Buffer.from('/')]) : name
  return Buffer.concat([
    ...long(LONG_TARGET, target),
    ...long(LONG_NAME, full),
    block(TYPES[kind], full, {sizeBytes, mode, mtimeSeconds, target}),
  ])
}

/** What fills a file up to whole blocks. */
export const tarPadding = (sizeBytes: number): Buffer => Buffer.alloc(-sizeBytes & (TAR_BLOCK_BYTES - 1))

/** The end of an archive. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK_BYTES)

const long = (type: string, value: Buffer): readonly Buffer[] => {
  if (value.length <= FIELD_BYTES) return []
  const sizeBytes = value.length + 1
  const head = block(type, Buffer.from('././@LongLink'), {sizeBytes, mode: 0, mtimeSeconds: 0, target: NONE})
  return [head, value, Buffer.alloc(1), tarPadding(sizeBytes)]
}

const block = (
  type: string,
  name: Buffer,
  {
    sizeBytes,
    mode,
    mtimeSeconds,
    target,
  }: Required<Pick<TarEntry, 'sizeBytes' | 'mode' | 'mtimeSeconds'>> & {
    readonly target: Buffer
  },
): Buffer => {
  const bytes = Buffer.alloc(TAR_BLOCK_BYTES)
  name.copy(bytes, 0, 0, FIELD_BYTES)
  bytes.write(octal(mode, 8), 100)
  bytes.write(octal(0, 8), 108)
  bytes.write(octal(0, 8), 116)
  writeSize(bytes, sizeBytes)
  bytes.write(octal(Math.min(mtimeSeconds, 0o77777777777), 12), 136)
  bytes.write(type, 156)
  target.copy(bytes, 157, 0, FIELD_BYTES)
  bytes.write('ustar\0' + '00', 257)
  bytes.fill(' ', 148, 156)
  const sum = bytes.reduce((all, byte) => all + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}

const octal = (value: number, widthBytes: number): string => `${value.toString(8).padStart(widthBytes - 1, '0')}\0`

/** From 8 GiB on in binary, as GNU's and BSD's tar have it. */
const writeSize = (bytes: Buffer, sizeBytes: number): void => {
  if (sizeBytes <= 0o77777777777) return void bytes.write(octal(sizeBytes, 12), 124)
  bytes[124] = 0x80
  bytes.writeBigUInt64BE(BigInt(sizeBytes), 128)
}
