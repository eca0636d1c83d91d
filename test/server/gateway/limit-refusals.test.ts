import assert from 'node:assert/strict'
import ssh2 from 'ssh2'
import {limitRefusals} from '../../../src/server/gateway/limit-refusals.ts'
import {BRAVE, type GatewayFixture, openGateway, until} from './gateway-fixture.ts'

describe('records of refusals', () => {
  const collect = (count: number, windowMs: number) => {
    const records: [string, unknown][] = []
    const limited = limitRefusals((event, facts) => void records.push([event, facts]), {count, windowMs})
    return {records, ...limited}
  }

  it('are written so often, the others counted at the end of the window, and then written again', async () => {
    const {records, record} = collect(2, 50)
    for (const user of ['a', 'b', 'c', 'd']) record('ssh_refused', {user})
    const first = [
      ['ssh_refused', {user: 'a'}],
      ['ssh_refused', {user: 'b'}],
    ]
    assert.deepEqual(records, first)
    await until('the window is over', () => records.length > 2)
    record('ssh_refused', {user: 'e'})
    assert.deepEqual(records, [...first, ['ssh_refused_more', {count: 2}], ['ssh_refused', {user: 'e'}]])
  })

  it('are followed by no count where none was left out', () => {
    const {records, record, flush} = collect(2, 60_000)
    for (const user of ['a', 'b']) record('ssh_refused', {user})
    flush()
    flush()
    assert.deepEqual(
      records.map(([event]) => event),
      ['ssh_refused', 'ssh_refused'],
    )
  })

  it('hold back no other event', () => {
    const {records, record} = collect(0, 60_000)
    record('ssh_refused', {user: 'a'})
    record('ssh_accepted', {user: 'b'})
    assert.deepEqual(records, [['ssh_accepted', {user: 'b'}]])
  })
})

describe('refusals at a gateway', () => {
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway()
  })
  after(() => fixture.close())

  it('are recorded 30 times in a minute, and the others counted when it closes', async () => {
    const refuse = () =>
      new Promise<void>((resolve) => {
        const client = new ssh2.Client()
        client.on('error', () => undefined).once('close', () => resolve())
        client.connect({host: '127.0.0.1', port: fixture.port, username: BRAVE.title, password: 'x'})
      })
    for (let i = 0; i < 33; i += 1) await refuse()
    const refusal = {event: 'ssh_refused', facts: {user: BRAVE.title, reason: 'method', tries: 1}}
    const expected = Array.from({length: 30}, () => refusal)
    assert.deepEqual(fixture.records, expected)
    await fixture.gateway.close()
    assert.deepEqual(fixture.records, [...expected, {event: 'ssh_refused_more', facts: {count: 3}}])
  })
})
