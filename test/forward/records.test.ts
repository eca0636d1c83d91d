import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readdirSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {pidSpace, processStart} from '../../src/core/process-identity.ts'
import {type ForwardRecord, parseRecord, renderRecord} from '../../src/forward/record-file.ts'
import {
  askToClose,
  isClosed,
  listRecords,
  readRequest,
  recordsFolder,
  removeRecord,
  writeRecord,
} from '../../src/forward/records.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('the note of a forwarded port', () => {
  const state = temporaryFolder()
  let record: ForwardRecord

  beforeEach(async () => {
    record = {
      ...{account: 'fake', origin: 'https://api.example.test', workspaceId: '41' as WorkspaceId, title: 'calm-reed'},
      ...{local: 8080, host: 'localhost', remote: 5173, isReverse: false, addresses: ['127.0.0.1', '::1']},
      ...{pid: process.pid, started: await processStart(process.pid), space: await pidSpace()},
      ...{isBackground: true, until: new Date('2030-01-01T00:00:00Z')},
    }
  })
  const file = (name = `${process.pid}-8080.json`): string => join(recordsFolder(state.path), name)

  it('is read as it was written, from a file and a folder of ours alone', async () => {
    await writeRecord(state.path, record)
    assert.deepEqual(await listRecords(state.path), [record])
    assert.deepEqual([statSync(file()).mode & 0o777, statSync(recordsFolder(state.path)).mode & 0o777], [0o600, 0o700])
  })

  it('is one for each that a process listens on, here or on the workspace', async () => {
    const reverse = {...record, isReverse: true, addresses: []}
    const all = [record, reverse, {...reverse, remote: 8080}]
    for (const one of all) await writeRecord(state.path, one)
    assert.deepEqual(new Set(await listRecords(state.path)), new Set(all))
  })

  it('goes with the port, and its folder with the last', async () => {
    await writeRecord(state.path, record)
    await removeRecord(state.path, record)
    assert.equal(existsSync(recordsFolder(state.path)), false)
    assert.deepEqual(await listRecords(state.path), [])
  })

  it('of a process that is gone, or of another that has its number now, is removed', async () => {
    await writeRecord(state.path, {...record, started: 'long ago'})
    await writeRecord(state.path, {...record, local: 8081, pid: 2 ** 30})
    // Whoever asked it to close was killed as well, before the answer.
    await askToClose(state.path, {...record, local: 8081, pid: 2 ** 30}, 'cancelled')
    assert.deepEqual(await listRecords(state.path), [])
    assert.equal(readdirSync(recordsFolder(state.path)).length, 0)
  })

  it('of another machine that shares the home is left alone, and not listed', async () => {
    await writeRecord(state.path, {...record, space: 'elsewhere'})
    assert.deepEqual(await listRecords(state.path), [])
    assert.ok(existsSync(file()))
  })

  it('that is none, or is called otherwise than it says, is not listed', async () => {
    mkdirSync(recordsFolder(state.path), {mode: 0o700})
    writeFileSync(file('1-2.json'), renderRecord(record))
    writeFileSync(file('x.json'), '{')
    assert.deepEqual(await listRecords(state.path), [])
  })

  it('in a folder that is open to others is not read', async () => {
    mkdirSync(recordsFolder(state.path), {mode: 0o777, recursive: true})
    const {chmodSync} = await import('node:fs')
    chmodSync(recordsFolder(state.path), 0o777)
    await assert.rejects(listRecords(state.path), {code: 'unsafe_folder'})
  })

  it('takes a wish to close it, which its process reads', async () => {
    await writeRecord(state.path, record)
    assert.equal(await readRequest(state.path, record), undefined)
    await askToClose(state.path, record, 'disconnected')
    assert.equal(await readRequest(state.path, record), 'disconnected')
    assert.equal(await isClosed(state.path, record), false)
    await removeRecord(state.path, record)
    assert.equal(await isClosed(state.path, record), true)
  })

  it('takes no wish that is none of ours, and none that was meant for the one before it', async () => {
    await writeRecord(state.path, record)
    writeFileSync(file(`${process.pid}-8080.end`), 'rm -rf\n')
    assert.equal(await readRequest(state.path, record), undefined)
    await askToClose(state.path, record, 'cancelled')
    await writeRecord(state.path, record)
    assert.equal(await readRequest(state.path, record), undefined)
  })

  it('of a process that is gone is closed, and removed', async () => {
    const dead = {...record, started: 'long ago'}
    await writeRecord(state.path, dead)
    assert.equal(await isClosed(state.path, dead), true)
    assert.equal(existsSync(file()), false)
  })

  it('is parsed from nothing else: any one field of another kind makes it none', () => {
    const raw = JSON.parse(renderRecord(record)) as Record<string, unknown>
    const others = fc.oneof(
      fc.constant(undefined),
      fc.boolean(),
      fc.constant({}),
      fc.constant(-1),
      fc.constant(''),
      fc.constant(['x']),
    )
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(raw)), others, (key, other) => {
        // Some are yes or no; without an end it never ends.
        fc.pre(!(['isBackground', 'isReverse'].includes(key) && typeof other === 'boolean') && key !== 'until')
        assert.equal(parseRecord(JSON.stringify({...raw, [key]: other})), undefined)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => assert.equal(parseRecord(text), undefined)))
  })
})
