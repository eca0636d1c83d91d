import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Finding} from './finding.ts'

/** One row of the speed budget; it may have several lines. */
export interface Row {
  readonly name: string
  measure(bench: Bench): Promise<readonly Finding[]>
}

/** What a row has to measure with. */
export interface Bench {
  readonly rounds: number
  /** A program of the same runtime that does nothing. */
  readonly empty: readonly string[]
  /** Undoes something at the end; the last first. */
  atEnd(undo: () => unknown): void
}

/** Does work with a bench, and undoes whatever was set up for it. */
export async function withBench<T>(rounds: number, work: (bench: Bench) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rc-bench-'))
  const undos: (() => unknown)[] = [() => rmSync(folder, {recursive: true, force: true})]
  const empty = join(folder, 'empty.cjs')
  writeFileSync(empty, '')
  try {
    return await work({rounds, empty: [process.execPath, empty], atEnd: (undo) => void undos.unshift(undo)})
  } finally {
    for (const undo of undos) await undo()
    if (existsSync(folder)) process.stderr.write(`Left behind: ${folder}\n`)
  }
}
