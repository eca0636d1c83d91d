import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {refuseSecrets, refuseSecretsIn, tokensOf} from './secrets.ts'

const RECORDER = new URL('ledger/recorder.js', import.meta.url).href

/** Where we leave something. */
const OURS = ['.config/runcode', '.local/state/runcode', '.cache/runcode', '.ssh']

/** A home directory of its own for real runs of the program, in real folders, with nothing of this machine's user in it. */
export interface TemporaryHome {
  readonly path: string
  /** The environment of every run: PATH and the home, no XDG folder, no token. */
  readonly env: Readonly<Record<string, string>>
  remove(): void
}

export function temporaryHome(): TemporaryHome {
  const path = mkdtempSync(join(tmpdir(), 'rc-'))
  // Beside it: a home may be made read-only, or full.
  const log = `${path}.log`
  const ledger = process.env['RUNCODE_TEST_LEDGER']
  return {
    path,
    env: {
      ...{
        PATH: process.env['PATH'] ?? '',
        HOME: path,
        LANG: 'C.UTF-8',
        SHELL: '/bin/sh',
        NO_COLOR: '1',
        RUNCODE_LOG: log,
      },
      ...(ledger === undefined ? {} : {RUNCODE_TEST_LEDGER: ledger, NODE_OPTIONS: `--import=${RECORDER}`}),
    },
    remove: () => {
      for (const folder of OURS.map((one) => join(path, one)).filter(existsSync))
        refuseSecretsIn(folder, tokensOf(path))
      if (existsSync(log)) refuseSecrets('A trace', readFileSync(log, 'utf8'), tokensOf(path))
      for (const one of [path, log]) rmSync(one, {recursive: true, force: true})
    },
  }
}
