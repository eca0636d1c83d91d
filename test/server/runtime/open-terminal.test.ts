import assert from 'node:assert/strict'
import {closeSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openTerminal} from '../../../src/server/runtime/process-runtime/open-terminal.ts'

describe('openTerminal()', () => {
  it('writes nothing into files that are opened after its end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'terminal-'))
    const names = Array.from({length: 30}, (_, i) => join(folder, String(i)))
    const options = {shell: '/bin/sh', command: 'exec sleep 300', cwd: folder, env: {}}
    try {
      const terminal = await openTerminal({...options, pty: {term: 'vt100', columns: 80, rows: 24}})
      terminal.output.destroy()
      // One of them gets the number of the descriptor that was just closed.
      const files = names.map((name) => openSync(name, 'w'))
      terminal.input.write('for the shell')
      await terminal.ended
      for (const file of files) closeSync(file)
      assert.equal(names.map((name) => readFileSync(name, 'utf8')).join(''), '')
    } finally {
      rmSync(folder, {recursive: true})
    }
  })
})
