import {printable} from '../../core/printable.ts'
import type {Meter} from '../../transfer/transfer.ts'
import {standardError} from '../standard-error.ts'

export interface ShownMeter extends Meter {
  /** Takes the line away. */
  end(): void
}

const TERMINAL_MS = 250
const JSON_MS = 1000

/**
 * Shows how far a transfer is: on a terminal one line on stderr, with `--json` there a line of JSON a second
 * (`{"event":"progress",…}`), elsewhere nothing. The first word comes after that time: what is over sooner shows nothing.
 */
export function createMeter({isJson}: {readonly isJson: boolean}): ShownMeter {
  const isTerminal = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb'
  let [total, done]: [number | undefined, number] = [undefined, 0]
  let [files, totalFiles]: [number | undefined, number | undefined] = [undefined, undefined]
  let [beganMs, beganAt, isDrawn]: [number | undefined, number, boolean] = [undefined, 0, false]
  const show = (): void => {
    if (beganMs === undefined) return
    const seconds = (performance.now() - beganMs) / 1000
    const bytesPerSecond = seconds === 0 ? 0 : (done - beganAt) / seconds
    if (isJson) {
      const event = {
        event: 'progress',
        bytes: done,
        total_bytes: total ?? null,
        bytes_per_second: Math.round(bytesPerSecond),
        files: files ?? null,
        total_files: totalFiles ?? null,
      }
      standardError().write(`${JSON.stringify(event)}\n`)
      return
    }
    isDrawn = true
    draw([lineOf(done, total, bytesPerSecond), ...filesText(files, totalFiles)].join('  '))
  }
  const timer = isJson || isTerminal ? setInterval(show, isJson ? JSON_MS : TERMINAL_MS) : undefined
  timer?.unref()
  return {
    total: (bytes) => {
      total = bytes
    },
    at: (bytes) => {
      if (beganMs === undefined) [beganMs, beganAt] = [performance.now(), bytes]
      done = bytes
    },
    files: (filesDone, of) => {
      ;[files, totalFiles] = [filesDone, of]
    },
    end: () => {
      clearInterval(timer)
      if (isDrawn) draw('')
    },
  }
}

/** Over the line that is there, no longer than the terminal is wide. */
const draw = (line: string): void => {
  standardError().write(`\r\u001b[K${printable(line.slice(0, (process.stderr.columns || 80) - 1))}`)
}

/** The most important first: a narrow terminal shows its beginning. */
export function lineOf(done: number, total: number | undefined, bytesPerSecond: number): string {
  const rate = `${sizeText(Math.round(bytesPerSecond))}/s`
  if (total === undefined || total === 0) return `${sizeText(done)}  ${rate}`
  const percent = Math.min(100, Math.floor((100 * done) / total))
  const left = bytesPerSecond > 0 && total > done ? `  ${timeText((total - done) / bytesPerSecond)} left` : ''
  return `${percent}%  ${rate}${left}  ${sizeText(done)} of ${sizeText(total)}`
}

/** Nothing where one file is on its way. */
export function filesText(done: number | undefined, total: number | undefined): readonly string[] {
  if (done === undefined) return []
  return [`${done}${total === undefined ? '' : ` of ${total}`} file${(total ?? done) === 1 ? '' : 's'}`]
}

const timeText = (seconds: number): string => {
  const whole = Math.ceil(seconds)
  return whole < 60
    ? `${whole}s`
    : whole < 3600
      ? `${Math.floor(whole / 60)}m${whole % 60}s`
      : `${(whole / 3600).toFixed(1)}h`
}

/** A number of bytes for a person. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`
}
