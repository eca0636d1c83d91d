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

  it('runs no command again that said that it began, whatever ssh says in its log', async () => {
    const [file, ssh] = ['ran', 'ssh'].map((name) => join(folder.path, name)) as [string, string]
    // Hands on the record that the command begins, and nothing behind it (36 bytes: two separators, a nonce, " S").
    const lines = [
      '#!/bin/sh',
      'while getopts E:o:F:T word; do [ "$word" != E ] || exec 2>>"$OPTARG"; done',
      'for line; do :; done',
      'sh -c "$line" </dev/null >"$0.out"; head -c 36 "$0.out"',
      'echo "kex_exchange_identification: Connection closed by remote host" >&2',
      'exit 255',
    ]
    writeFileSync(ssh, `${lines.join('\n')}\n`)
    chmodSync(ssh, 0o755)
    const env = {...process.env, PATH: `${folder.path}:${process.env['PATH']}`}
    await assert.rejects(run(file, {env}), {name: 'ConnectionLostError', code: 'connection_lost', hasBegun: true})
    assert.equal(readFileSync(file, 'utf8'), 'x\n')
  })
})
