import assert from 'node:assert/strict'
import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type RemoteResult, runRemote} from '../../src/remote-command/run-remote.ts'
import {directSessions, type SessionMaker} from '../support/direct-session.ts'
import {argvTask} from '../support/far-side.ts'
import {type RealSshd, startRealSshd} from '../support/real-sshd.ts'
import {needSshd} from '../support/sshd-workspace.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('runRemote()', function () {
  this.timeout(30_000)
  const folder = temporaryFolder()
  let sshd: RealSshd
  let sessions: SessionMaker

  before(async function () {
    needSshd(this)
    sshd = await startRealSshd(['PermitTTY no', 'SetEnv HOME=/nonexistent'])
    sessions = directSessions(sshd)
  })
  after(async () => {
    sessions?.remove()
    await sshd?.stop()
  })

  /** Runs a command that notes each of its runs in the file. */
  const run = (file: string, {hasTerminal = false, env = process.env} = {}): Promise<RemoteResult> =>
    runRemote({
      ...{session: sessions.make(sshd.port), task: argvTask(['sh', '-c', `echo x >> ${file}`]), hasTerminal},
      ...{stdin: 'ignore', stdout: () => undefined, stderr: () => undefined, timeoutSeconds: undefined, env},
      route: async () => [],
      interrupted: new AbortController().signal,
    })

  it('runs nothing where a terminal is wanted, and the gateway gives none', async () => {
    const file = join(folder.path, 'ran')
    await assert.rejects(run(file, {hasTerminal: true}), {name: 'NoTerminalError', code: 'no_terminal'})
    assert.equal(existsSync(file), false)
  })

  /** Puts a script in the place of ssh; `$log` is where its own words go. */
  const playSsh = (...lines: readonly string[]): NodeJS.ProcessEnv => {
    const ssh = join(folder.path, 'ssh')
    const start = ['#!/bin/sh', 'while getopts E:o:F:T word; do [ "$word" != E ] || log=$OPTARG; done']
    writeFileSync(ssh, `${[...start, ...lines].join('\n')}\n`)
    chmodSync(ssh, 0o755)
    return {...process.env, PATH: `${folder.path}:${process.env['PATH']}`}
  }

  it('knows that nothing was run where the session was taken away before ssh was there, by the path that only ssh knows', async () => {
    const file = join(folder.path, 'ran')
    const words = (path: string): string =>
      `echo "Couldn't open logfile ${path}: No such file or directory" >&2; exit 1`
    const gone = playSsh('rm -r "$(dirname "$log")"', words('$log'))
    await assert.rejects(run(file, {env: gone}), {code: 'ENOENT'})
    const told = playSsh('rm -r "$(dirname "$log")"', words('/tmp/ssh.1.00000000.log'))
    await assert.rejects(run(file, {env: told}), {name: 'UnexplainedEndError'})
    assert.equal(existsSync(file), false)
  })

  it('runs no command again that said that it began, whatever ssh says in its log', async () => {
    const file = join(folder.path, 'ran')
    // Hands on the record that the command begins, and nothing behind it (36 bytes: two separators, a nonce, " S").
    const env = playSsh(
      'for line; do :; done',
      'sh -c "$line" </dev/null >"$0.out"; head -c 36 "$0.out"',
      'echo "kex_exchange_identification: Connection closed by remote host" >>"$log"',
      'exit 255',
    )
    await assert.rejects(run(file, {env}), {name: 'ConnectionLostError', code: 'connection_lost', hasBegun: true})
    assert.equal(readFileSync(file, 'utf8'), 'x\n')
  })
})
