import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {AuthFailedError, ConnectionFailedError, HostKeyChangedError} from '../../src/openssh/explain.ts'
import {OpensshFailedError} from '../../src/openssh/openssh-failed.ts'
import {ConnectionLostError, UnexplainedEndError} from '../../src/remote-command/run-remote.ts'
import type {Session} from '../../src/session/session.ts'
import {unlessEnded} from '../../src/session/session-ended.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('unlessEnded()', () => {
  const folder = temporaryFolder()
  const session = (): Session => ({title: 'calm-reed', configFile: join(folder.path, 'config')}) as Session
  const fail = (error: Error) =>
    unlessEnded(session(), async () => {
      throw error
    })
  const missing = Object.assign(new Error('no folder'), {code: 'ENOENT'})
  const refusals = [
    new HostKeyChangedError('h'),
    new AuthFailedError('h'),
    new ConnectionFailedError('h', undefined),
    new OpensshFailedError('ssh', {kind: 'signalled', signal: 'SIGKILL'}, ''),
    missing,
  ]

  it('gives what connecting gives', async () => assert.equal(await unlessEnded(session(), async () => 42), 42))

  it('blames no gateway where the files of the session are gone', async () => {
    for (const error of refusals) await assert.rejects(fail(error), {code: 'session_ended', exit: 1, retryable: true})
  })

  it('tells a refusal as it is where they are there', async () => {
    writeFileSync(session().configFile, '')
    for (const error of refusals) await assert.rejects(fail(error), error)
  })

  it('never says that nothing was run where something may have been', async () => {
    const unexplained = new UnexplainedEndError('ssh', {kind: 'signalled', signal: 'SIGKILL'}, '')
    const lost = new ConnectionLostError('h', {reason: undefined, hasBegun: true})
    for (const error of [lost, unexplained, new RangeError('mistake')]) await assert.rejects(fail(error), error)
  })
})
