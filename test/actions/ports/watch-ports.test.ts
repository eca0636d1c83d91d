import assert from 'node:assert/strict'
import {existsSync} from 'node:fs'
import type {ForwardEnd} from '../../../src/actions/ports/forward-event.ts'
import {type WatchOptions, watchPorts} from '../../../src/actions/ports/watch-ports.ts'
import {recordsFolder} from '../../../src/forward/records.ts'
import type {Session} from '../../../src/session/session.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'
import {until} from '../../support/until.ts'

const SESSION = {account: 'fake', origin: 'https://api.example.test', workspaceId: '41', title: 'calm-reed'} as Session
const FOLDERS = {config: '', cache: '', sockets: [], legacyTokenFile: ''}
const PORT = {local: 8080, host: 'localhost', remote: 5173, isReverse: false, addresses: ['127.0.0.1']}

describe('who looks after open ports', () => {
  const state = temporaryFolder()
  let clock: {date: Date; uptimeSeconds: number; sleptSeconds: number}
  let looks: boolean[]
  let ends: ForwardEnd[]
  let stop: () => Promise<void>

  const watch = async (options: Partial<WatchOptions>): Promise<void> => {
    clock = {date: new Date('2030-01-01T00:00:00Z'), uptimeSeconds: 1000, sleptSeconds: 0}
    ;[looks, ends] = [[], []]
    const context = {folders: {...FOLDERS, state: state.path}, now: () => clock}
    const whole: WatchOptions = {
      ports: [{...PORT, close: () => undefined}],
      session: SESSION,
      limitSeconds: undefined,
      isBackground: false,
      isOrphan: () => false,
      look: (hasSlept) => looks.push(hasSlept),
      onClose: () => undefined,
      onEnd: (reason) => ends.push(reason),
      ...options,
    }
    stop = await watchPorts(context, whole)
  }
  afterEach(() => stop())
  const jump = async (seconds: {readonly date: number; readonly uptime: number}): Promise<boolean | undefined> => {
    const before = looks.length
    clock = {
      ...clock,
      date: new Date(clock.date.getTime() + seconds.date * 1000),
      uptimeSeconds: clock.uptimeSeconds + seconds.uptime,
    }
    await until(
      () => looks.length > before,
      () => 'Nobody looks.',
    )
    return looks.at(-1)
  }

  it('notices a sleep of the machine (simulated) by the clock that goes on in it, and takes no jump of the date for one', async () => {
    await watch({limitSeconds: 600})
    assert.equal(await jump({date: 86_400, uptime: 1}), false)
    assert.equal(await jump({date: -172_800, uptime: 1}), false)
    assert.equal(ends.length, 0)
    assert.equal(await jump({date: 0, uptime: 3600}), true)
    assert.ok(ends.includes('time_over'))
  })

  it('ends them with whoever started them, but not in the background', async () => {
    await watch({isOrphan: () => true, isBackground: true})
    await jump({date: 1, uptime: 1})
    assert.equal(ends.length, 0)
    await stop()
    assert.equal(existsSync(recordsFolder(state.path)), false)
    await watch({isOrphan: () => true})
    await jump({date: 1, uptime: 1})
    assert.ok(ends.includes('parent_gone'))
  })
})
