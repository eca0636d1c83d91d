import assert from 'node:assert/strict'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {faultsOf, readLedger} from './ledger.ts'

const folder = mkdtempSync(join(tmpdir(), 'runcode-ledger-'))
const path = join(folder, 'ledger')
// Before any test file is loaded, so that every home of every test has it.
process.env['RUNCODE_TEST_LEDGER'] = path

/** Over the whole suite: where tokens went, and what child processes were given. */
export const mochaHooks = {
  afterAll(): void {
    const entries = readLedger(path)
    const sent = entries.filter(({kind}) => kind === 'sent').length
    process.stdout.write(`\n  ledger: ${sent} tokens sent, ${entries.length - sent} processes started\n`)
    rmSync(folder, {recursive: true})
    assert.deepEqual(faultsOf(entries), [])
  },
}
