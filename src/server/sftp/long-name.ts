import {type BigIntStats, readFileSync} from 'node:fs'

const HALF_A_YEAR_MS = 182 * 24 * 60 * 60 * 1000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** A line of `ls -l` (draft-ietf-secsh-filexfer-02 section 7), for people. */
export function longName(name: Buffer, stats: BigIntStats, nowMs: number): Buffer {
  const columns = [
    modeText(Number(stats.mode)),
    String(stats.nlink).padStart(4),
    (users().get(String(stats.uid)) ?? String(stats.uid)).padEnd(8),
    (groups().get(String(stats.gid)) ?? String(stats.gid)).padEnd(8),
    String(stats.size).padStart(8),
    timeText(Number(stats.mtimeMs), nowMs),
  ]
  return Buffer.concat([Buffer.from(`${columns.join(' ')} `), name])
}

const TYPES: Readonly<Record<number, string>> = {1: 'p', 2: 'c', 4: 'd', 6: 'b', 8: '-', 10: 'l', 12: 's'}

const modeText = (mode: number): string => {
  const bits = [...'rwxrwxrwx'].map((letter, i) => (mode & (0o400 >> i) ? letter : '-'))
  for (const [at, bit, letter] of [
    [2, 0o4000, 's'],
    [5, 0o2000, 's'],
    [8, 0o1000, 't'],
  ] as const)
    if (mode & bit) bits[at] = bits[at] === 'x' ? letter : letter.toUpperCase()
  return `${TYPES[mode >> 12] ?? '?'}${bits.join('')}`
}

const timeText = (ms: number, nowMs: number): string => {
  const time = new Date(ms)
  const pad = (value: number, filler: string): string => String(value).padStart(2, filler)
  const isRecent = nowMs - HALF_A_YEAR_MS < ms && ms <= nowMs
  const last = isRecent
    ? `${pad(time.getHours(), '0')}:${pad(time.getMinutes(), '0')}`
    : String(time.getFullYear()).padStart(5)
  return `${MONTHS[time.getMonth()]} ${pad(time.getDate(), ' ')} ${last}`
}

/** The names of a file like passwd(5) or group(5), by number. Users of a directory service are not in it, and stay numbers. */
const namesIn = (file: string): (() => ReadonlyMap<string, string>) => {
  let names: ReadonlyMap<string, string> | undefined
  return () => {
    names ??= new Map(
      textOf(file)
        .split('\n')
        .map((line) => line.split(':'))
        .map(([name = '', , id = '']) => [id, name]),
    )
    return names
  }
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const users = namesIn('/etc/passwd')
const groups = namesIn('/etc/group')
