import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, truncateSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {faultsOf, readLedger} from './ledger.ts'

const folder = mkdtempSync(join(tmpdir(), 'runcode-ledger-'))
const path = join(folder, 'ledger')
// Before any test file is loaded, so that every home of every test has it.
process.env['RUNCODE_TEST_LEDGER'] = path
process.on('exit', () => rmSync(folder, {recursive: true}))

/** A folder in which each process says which test it is at: one that never yields can't say it any more. */
const now = process.env['RUNCODE_TEST_NOW']

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    if (now !== undefined) writeFileSync(join(now, String(process.pid)), `${this.currentTest?.fullTitle()}\n`)
  },
  /** After each file of tests: where tokens went, and what child processes were given. */
  afterAll(): void {
    const entries = readLedger(path)
    if (entries.length > 0) truncateSync(path)
    assert.deepEqual(faultsOf(entries), [])
  },
}
