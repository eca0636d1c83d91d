import {Readable, Writable} from 'node:stream'
import type {Ending} from '../../../core/process.ts'
import type {RuntimeProcess} from '../runtime.ts'

/** What is given where nothing runs: it takes what it gets and says nothing. */
export const stillbornProcess = (ended: Promise<Ending>): RuntimeProcess => ({
  stdin: new Writable({write: (_chunk, _encoding, done) => done()}),
  stdout: Readable.from([]),
  stderr: Readable.from([]),
  ended,
  resize: () => undefined,
  signal: () => undefined,
  end: () => undefined,
})

/** How a process ended that whatever was thrown kept from starting. */
export const unstartable = (thrown: unknown): Ending => ({
  kind: 'unstartable',
  cause: thrown instanceof Error ? thrown : new Error(String(thrown)),
})
