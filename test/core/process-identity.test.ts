import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {isSameProcess, processStart} from '../../src/core/process-identity.ts'

describe('isSameProcess()', () => {
  it('knows a living process by its pid and its start', async () => {
    const started = await processStart(process.pid)
    assert.equal(await isSameProcess(process.pid, started), true)
    assert.equal(await processStart(process.pid), started)
  })

  it('tells a pid that was given out again from the process that was meant', async function () {
    if (process.platform === 'win32') this.skip() // Starts are not known there.
    assert.equal(await isSameProcess(process.pid, 'another start'), false)
  })

  it('goes by the pid alone where the start is not known', async () => {
    assert.equal(await isSameProcess(process.pid, null), true)
  })

  it('finds no process behind the pid of one that has ended', async () => {
    const child = spawn(process.execPath, ['-e', ''], {stdio: 'ignore'})
    await once(child, 'exit')
    assert.equal(await isSameProcess(child.pid ?? 0, null), false)
    assert.equal(await processStart(child.pid ?? 0), null)
  })

  it('gives two processes that live at once different words', async () => {
    const child = spawn('sleep', ['60'], {stdio: 'ignore'})
    const started = await processStart(child.pid ?? 0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.notEqual(started, null)
    assert.notEqual(started, await processStart(process.pid))
  })
})
