import assert from 'node:assert/strict'
import type {ClientChannel} from 'ssh2'
import {type GatewayFixture, isRunning, openGateway, outcomeOf, until} from './gateway-fixture.ts'

const BASH = {PATH: process.env['PATH'], SHELL: '/bin/bash'}

describe('a terminal through the gateway', () => {
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway(BASH)
  })
  after(() => fixture.close())

  it('has the size and the keys of the one that ssh runs in, follows it, and gives the status', async () => {
    const {spawn} = await import('@lydell/node-pty')
    const command =
      'trap "stty size" WINCH; trap "echo interrupted; exit 7" INT; stty size; while :; do sleep 0.05; done'
    const local = spawn('ssh', fixture.sshArgs(['-t']).concat(command), {
      cols: 91,
      rows: 31,
      env: {TERM: 'vt100', ...BASH},
    })
    let text = ''
    local.onData((chunk) => {
      text += chunk
    })
    const ended = new Promise<number>((resolve) => local.onExit(({exitCode}) => resolve(exitCode)))
    await until('the first size', () => text.includes('31 91'))
    local.resize(120, 45)
    await until('the new size', () => text.includes('45 120'))
    // A key that interrupts the command there, and not ssh here.
    local.write('\u0003')
    assert.equal(await ended, 7)
    assert.match(text, /interrupted/)
  })

  it('is empty when its command ends: all that it wrote has come', async () => {
    const {stdout, ending} = await fixture.ssh([...fixture.sshArgs(['-tt']), 'seq 1 30000; exit 9'])
    const expected = Array.from({length: 30_000}, (_, i) => `${i + 1}\r\n`).join('')
    assert.deepEqual([stdout.toString() === expected, ending], [true, {kind: 'exited', code: 9}])
  })

  it('tells of the signal that ended its command', async () => {
    const client = await fixture.connect()
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec('kill -KILL $$', {pty: true}, (error, opened) => (error ? reject(error) : resolve(opened))),
    )
    assert.deepEqual((await outcomeOf(channel)).exit, [null, 'SIGKILL', false, ''])
  })

  it('takes its shell and the job in front with it, also one that ignores HUP and TERM, and leaves nohup alone', async () => {
    const child = fixture.startSsh(fixture.sshArgs(['-tt']))
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += chunk
    })
    child.stdin?.write(
      `nohup sleep 300 >/dev/null 2>&1 & bash -c 'trap "" HUP TERM; echo PIDS $PPID $$ '$!'; exec sleep 300'\n`,
    )
    await until('all run', () => /PIDS \d+ \d+ \d+/.test(text))
    const [shell = 0, job = 0, left = 0] = /PIDS (\d+) (\d+) (\d+)/.exec(text)?.slice(1).map(Number) ?? []
    assert.deepEqual([shell, job, left].map(isRunning), [true, true, true])
    const start = performance.now()
    child.kill('SIGKILL')
    await until('both are gone', () => !isRunning(shell) && !isRunning(job))
    assert.equal(performance.now() - start < 5000, true)
    assert.equal(isRunning(left), true)
    process.kill(left)
  })
})
