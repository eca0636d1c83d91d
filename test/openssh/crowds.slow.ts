import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {startMasterInBackground, stopMaster} from '../../src/openssh/master.ts'
import {runRemote} from '../../src/remote-command/run-remote.ts'
import {directSessions, type SessionMaker} from '../support/direct-session.ts'
import {type RealSshd, startRealSshd} from '../support/real-sshd.ts'
import {needSshd} from '../support/sshd-workspace.ts'

const MANY = process.env['RUNCODE_SOAK'] === undefined ? 8 : 50

describe('many commands at once', function () {
  this.timeout(300_000)
  let sshd: RealSshd
  let sessions: SessionMaker

  before(async function () {
    needSshd(this)
    // Two may knock at a time; whoever comes third is hung up on.
    sshd = await startRealSshd(['MaxStartups 1:100:2', 'SetEnv HOME=/nonexistent'])
    sessions = directSessions(sshd)
  })
  after(async () => {
    sessions?.remove()
    await sshd?.stop()
  })

  it('all get through a gateway that lets few strangers in at a time', async () => {
    const session = sessions.make(sshd.port)
    const log = `${sshd.folder}/ran`
    const run = async (at: number): Promise<number> => {
      const task = {words: {kind: 'line', line: `echo ${at} >> ${log}; exit ${at}`}, directory: undefined} as const
      const {exitCode, usedMaster} = await runRemote({
        ...{
          session,
          route: async () => [],
          task: {...task, variables: [], isLogin: false},
          hasTerminal: false,
          stdin: 'ignore',
        },
        ...{timeoutSeconds: undefined, env: process.env, interrupted: new AbortController().signal},
        ...{stdout: () => undefined, stderr: () => undefined},
      })
      const options = {...session, controlPath: session.controlPath ?? '', sleptSeconds: 0, env: process.env, route: []}
      if (!usedMaster) await startMasterInBackground(options)
      return exitCode
    }
    const all = Array.from({length: MANY}, (_, at) => at)
    assert.deepEqual(await Promise.all(all.map(run)), all)
    assert.deepEqual(
      readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map(Number)
        .toSorted((a, b) => a - b),
      all,
    )
    await stopMaster(session.controlPath ?? '', {now: true})
    assert.match(sshd.log(), /MaxStartups/, 'nobody was turned away')
  })
})
