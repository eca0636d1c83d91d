import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {countProcesses, listProcesses} from '../support/processes.ts'
import {until} from '../support/until.ts'

const TIED = new URL('../../dist/core/tied-process.js', import.meta.url).href
const TIMES = process.env['RUNCODE_SOAK'] === undefined ? 50 : 500

/** A program that ties `sleep` to itself, and what it does then. */
const tie = (seconds: string, then: string): ReturnType<typeof spawn> =>
  spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import {startTied} from ${JSON.stringify(TIED)}
      const {child, release} = startTied('/bin/sleep', [${JSON.stringify(seconds)}], {env: {}, stdio: ['ignore', 'ignore', 'ignore']})
      child.once('exit', release)
      ${then}`,
    ],
    {stdio: ['ignore', 'pipe', 'inherit'], detached: true},
  )
const ended = (child: ReturnType<typeof spawn>): Promise<unknown> =>
  new Promise((resolve) => child.once('close', resolve))
/** A number of seconds that no other process sleeps. */
const unheardOf = (): string => `9${process.pid}.${Math.floor(Math.random() * 1e9)}`

describe('a program that is tied to us', function () {
  if (process.platform === 'win32') return
  this.timeout(120_000)

  it(`ends, with its watcher, when we are killed at any moment (${TIMES} times)`, async () => {
    const seconds = unheardOf()
    const killOne = async (_: unknown, at: number): Promise<void> => {
      // Half of them right after the start; the others from outside, in the midst of it.
      const child = tie(seconds, at % 2 === 0 ? "process.kill(process.pid, 'SIGKILL')" : '')
      if (at % 2 === 1) setTimeout(() => child.kill('SIGKILL'), 25 + Math.random() * 100)
      await ended(child)
    }
    for (let done = 0; done < TIMES; done += 10) await Promise.all(Array.from({length: 10}, killOne))
    await until(
      () => countProcesses(seconds) === 0,
      () => listProcesses(seconds).join('\n'),
    )
  })

  it('ends although it is stopped', async () => {
    const seconds = unheardOf()
    const child = tie(
      seconds,
      `setTimeout(() => child.kill('SIGSTOP'), 300)
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 400)`,
    )
    await ended(child)
    await until(
      () => countProcesses(seconds) === 0,
      () => 'it is there',
    )
  })

  it('leaves no watcher behind when it ends by itself, and none of them waits for the other', async () => {
    const seconds = `0.${process.pid}`
    const child = tie(seconds, '')
    await ended(child)
    assert.equal(child.exitCode, 0)
    await until(
      () => countProcesses(`sleep\0${seconds}`, `sleep ${seconds}`) === 0,
      () => 'a watcher is there',
    )
  })
})
