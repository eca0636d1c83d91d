import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readFileSync} from 'node:fs'
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

  it('finds none that goes while it is looked at', async function () {
    if (process.platform !== 'linux') this.skip()
    for (let round = 0; round < 100; round += 1) {
      const child = spawn('sleep', ['60'], {stdio: 'ignore'})
      const pid = child.pid ?? 0
      const started = await processStart(pid)
      child.kill('SIGKILL')
      // Node asks for it only when this function waits, and so in the midst of the look.
      while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
      assert.equal(await isSameProcess(pid, started), false, `round ${round}`)
    }
  })

  it('tells a start in the same words whatever the language and time zone of who asks (simulated: as on macOS)', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')
    const {TZ, LC_ALL} = process.env
    const asked: (string | null)[] = []
    try {
      Object.defineProperty(process, 'platform', {...platform, value: 'darwin'})
      for (const [zone, language] of [
        ['Asia/Tokyo', 'C'],
        ['America/New_York', 'de_DE.UTF-8'],
      ]) {
        Object.assign(process.env, {TZ: zone, LC_ALL: language})
        asked.push(await processStart(process.pid))
      }
    } finally {
      if (platform !== undefined) Object.defineProperty(process, 'platform', platform)
      for (const [name, value] of Object.entries({TZ, LC_ALL})) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    }
    assert.equal(asked[0], asked[1])
    // Without ps nobody can tell.
    assert.equal(typeof asked[0], existsSync('/bin/ps') ? 'string' : 'object')
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
