import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

const RECORDER = new URL('ledger/recorder.js', import.meta.url).href

/** A home directory of its own for real runs of the program, in real folders, with nothing of this machine's user in it. */
export interface TemporaryHome {
  readonly path: string
  /** The environment of every run: PATH and the home, no XDG folder, no token. */
  readonly env: Readonly<Record<string, string>>
  remove(): void
}

export function temporaryHome(): TemporaryHome {
  const path = mkdtempSync(join(tmpdir(), 'rc-'))
  const ledger = process.env['RUNCODE_TEST_LEDGER']
  return {
    path,
    env: {
      ...{PATH: process.env['PATH'] ?? '', HOME: path, LANG: 'C.UTF-8', SHELL: '/bin/sh', NO_COLOR: '1'},
      ...(ledger === undefined ? {} : {RUNCODE_TEST_LEDGER: ledger, NODE_OPTIONS: `--import=${RECORDER}`}),
    },
    remove: () => rmSync(path, {recursive: true, force: true}),
  }
}
