import assert from 'node:assert/strict'
import type {ChildProcess} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {StatusReader} from '../../src/remote-command/status-reader.ts'
import {argvTask, NONCE, runFarSide, startFarSide} from '../support/far-side.ts'
import {listProcesses} from '../support/processes.ts'
import {LOGIN_SHELLS, SH_PATHS} from '../support/shells.ts'
import {isStubbornGone, isStubbornUp, newTag, stubborn} from '../support/stubborn.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'
import {until} from '../support/until.ts'

/** A beat and the grace are 3 s, promised are 5; the rest is for a machine that runs all shells at once. */
const LIMIT_MS = 12_000
/** Closes the channel as sshd does when its client is gone, and waits for the end of everything that ran in it. */
const hangUp = async (child: ChildProcess, tag: string): Promise<void> => {
  // One that still writes would be ended by SIGPIPE, and by itself.
  child.stdout?.resume()
  await isStubbornUp(tag, LIMIT_MS)
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
  await isStubbornGone(tag, LIMIT_MS)
}

describe('a command whose channel is gone', function () {
  this.timeout(30_000)
  const folder = temporaryFolder()

  it('ends with all it started, in every shell, but for what left on purpose', async () => {
    const start = (shell: string, path?: string): Promise<void> => {
      const tag = newTag()
      const surroundings = {shell, home: folder.path, ...(path === undefined ? {} : {path})}
      return hangUp(startFarSide(argvTask(stubborn(tag)), surroundings), tag)
    }
    const shOf = SH_PATHS.filter(({name}) => name !== 'ksh')
    await Promise.all([...LOGIN_SHELLS.map(({path}) => start(path)), ...shOf.map(({path}) => start('/bin/sh', path))])
  })

  it('ends with all it started also where it ends by that itself, of SIGPIPE', async () => {
    const start = (shell: string): Promise<void> => {
      const tag = newTag()
      const task = argvTask(stubborn(tag, 'exec yes'))
      return hangUp(startFarSide(task, {shell, home: folder.path}), tag)
    }
    await Promise.all(LOGIN_SHELLS.map(({path}) => start(path)))
  })

  it('ends also where nobody made a group for it', async () => {
    const tag = newTag()
    const task = argvTask(stubborn(tag))
    await hangUp(startFarSide(task, {shell: '/bin/sh', home: folder.path, detached: false}), tag)
  })
})

describe('a command whose reader is slow, and whose stream is non-blocking', function () {
  this.timeout(30_000)
  const folder = temporaryFolder()
  // Node makes it so when it is looked at, and leaves it so when it is killed.
  const full = `process.stdout; const fill = (size) => {
    try { for (;;) require('fs').writeSync(1, 'x'.repeat(size)) } catch {}
  }; fill(65536); fill(1);`
  const places = SH_PATHS.filter(({name}) => name !== 'ksh')

  for (const [when, end, status] of [
    ['while it runs', 'setTimeout(() => process.exit(7), 2500)', 7],
    ['at its end', "process.kill(process.pid, 'SIGKILL')", 137],
  ] as const) {
    it(`lives on, and has its own status, where the stream is full ${when}`, async () => {
      const run = async ({name, path}: (typeof places)[number]): Promise<void> => {
        const task = argvTask([process.execPath, '-e', `${full} ${end}`])
        const child = startFarSide(task, {shell: '/bin/sh', home: folder.path, path})
        // Without a listener Node throws away what nobody has read when a child ends, which one may do early.
        child.stdout?.on('readable', () => undefined)
        // Longer than two beats.
        await sleep(2500)
        const reader = new StatusReader(NONCE)
        for await (const chunk of child.stdout ?? []) reader.read(chunk as Buffer)
        assert.equal(reader.status.exitCode, status, name)
      }
      await Promise.all(places.map(run))
    })
  }

  it('ends where its channel goes, also where SIGPIPE was ignored before it', async () => {
    const ignoring = join(folder.path, 'ignoring')
    writeFileSync(ignoring, `#!/bin/sh\ntrap '' PIPE\nexec sh "$@"\n`, {mode: 0o755})
    const start = async (shell: string, path: string): Promise<void> => {
      const tag = newTag()
      const line = `exec "${process.execPath}" -e "${full} setTimeout(() => 0, 30_000)"`
      const child = startFarSide(argvTask(stubborn(tag, line)), {shell, home: folder.path, path})
      await isStubbornUp(tag, LIMIT_MS)
      await sleep(1500)
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
      await isStubbornGone(tag, LIMIT_MS)
    }
    await Promise.all(places.flatMap(({path}) => [start('/bin/sh', path), start(ignoring, path)]))
  })
})

describe('a command that ended', function () {
  this.timeout(30_000)
  const folder = temporaryFolder()
  const run = (...argv: string[]) => runFarSide(argvTask(argv), {shell: '/bin/sh', home: folder.path})

  it('leaves what it put into the background, and nothing of ours', async () => {
    const tag = newTag()
    const {exitCode} = await run('sh', '-c', 'nohup sleep 90.$1 >/dev/null 2>&1 </dev/null &', 'sh', tag)
    assert.equal(exitCode, 0)
    // Longer than the beat would need to end it.
    await until(
      () => listProcesses(NONCE).length === 0,
      () => listProcesses(NONCE).join('\n'),
    )
    await sleep(1500)
    const seconds = `90.${tag}`
    assert.deepEqual(listProcesses(seconds), [`sleep\0${seconds}\0`])
  })

  it('is not waited for a beat', async () => {
    const began = performance.now()
    for (let times = 0; times < 10; times += 1) await run('true')
    assert.ok(performance.now() - began < 5000)
  })

  for (const [what, line, status] of [
    ['signals its whole group', 'kill 0; exit 3', 143],
    ['signals its group at its end', 'trap "kill 0" EXIT; trap : TERM; exit 4', 4],
    ['interrupts its group', 'trap : INT; kill -INT 0; exit 5', 5],
    ['becomes another program', 'exec sh -c "exit 6"', 6],
    ['has groups of its own', 'set -m; (exit 7) & wait $!', 7],
    ['closes its streams', 'exec <&- >&- 2>&-; exit 8', 8],
    ['runs longer than a beat without output', 'sleep 2.2; exit 9', 9],
    ['kills its first child', 'sh -c "kill -9 \\$\\$"; exit 10', 10],
  ] as const) {
    it(`has its own status where it ${what}`, async () => {
      const {exitCode, stdout} = await run('bash', '-c', line)
      assert.deepEqual([exitCode, stdout.toString()], [status, ''])
    })
  }
})
