import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
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

/** Does work with a bench, and undoes whatever was set up for it, also after Ctrl-C. */
export async function withBench<T>(rounds: number, work: (bench: Bench) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rc-bench-'))
  const undos: (() => unknown)[] = [() => rmSync(folder, {recursive: true, force: true})]
  const empty = join(folder, 'empty.cjs')
  writeFileSync(empty, '')
  const undoAll = async (): Promise<void> => {
    for (const undo of undos.splice(0)) await undo()
  }
  const onSignal = (): void => void undoAll().finally(() => process.exit(130))
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, onSignal)
  try {
    return await work({rounds, empty: [process.execPath, empty], atEnd: (undo) => void undos.unshift(undo)})
  } finally {
    await undoAll()
    for (const signal of signals) process.off(signal, onSignal)
  }
}
