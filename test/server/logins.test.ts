import assert from 'node:assert/strict'
import {cookieName, createLogins, LOGIN_SECONDS, type Login, type Logins} from '../../src/server/logins.ts'

const STATE = 'the-state-of-a-client'

describe('the logins that wait', () => {
  let logins: Logins
  let now: Date
  beforeEach(() => {
    now = new Date('2030-01-02T12:00:00Z')
    logins = createLogins(() => now)
  })

  const open = (ticket?: string, {port = 43_210, state = STATE, cookies = ''} = {}): Login | undefined =>
    logins.open({callbackPort: port, state, ticket, cookies})
  const opened = (...args: Parameters<typeof open>): Login => {
    const login = open(...args)
    assert.ok(login !== undefined)
    return login
  }
  const cookieOf = (login: Login): string => `${cookieName(login)}=${login.cookie}`
  const answer = (login: Login, change: {formSecret?: string; cookies?: string} = {}): Login | undefined =>
    logins.ofForm({id: login.id, formSecret: login.formSecret, cookies: cookieOf(login), ...change})
  const wrongCodes = (count: number): unknown[] => Array.from({length: count}, () => logins.confirm('not a code'))

  it('give a ticket to our own client, which counts for its port, one state and one answer', () => {
    const ticket = logins.issueTicket(43_210)
    assert.equal(open(ticket, {port: 43_211}), undefined)
    assert.equal(open(`${ticket}x`), undefined)
    const login = opened(ticket)
    assert.deepEqual([login.isOurs, login.code, login.state], [true, undefined, STATE])
    assert.equal(opened(ticket).id, login.id, 'a second tab')
    assert.equal(open(ticket, {state: 'another-state-of-it'}), undefined)
    logins.end(login.id)
    assert.equal(open(ticket), undefined)
    assert.equal(answer(login), undefined)
  })

  it('show a code to anybody else, another one for each that opens the page, and the same to the same browser', () => {
    const [mine, theirs] = [opened(), opened()]
    assert.match(mine.code ?? '', /^\d{6}$/)
    assert.notEqual(mine.code, theirs.code)
    assert.equal(opened(undefined, {cookies: `a=b; ${cookieOf(mine)}`}).id, mine.id)
    assert.equal(mine.isOurs, false)
    assert.equal(logins.confirm(mine.code ?? ''), 'confirmed')
    assert.deepEqual([answer(mine)?.isOurs, answer(theirs)?.isOurs], [true, false])
  })

  it('hear a form only with the secret and the cookie that belong together', () => {
    const [one, other] = [opened(), opened()]
    assert.equal(answer(one)?.id, one.id)
    assert.equal(answer(one, {formSecret: other.formSecret}), undefined)
    for (const cookies of ['', cookieOf(other), `${cookieName(one)}=${other.cookie}`, `x${cookieOf(one)}`])
      assert.equal(answer(one, {cookies}), undefined, cookies)
  })

  it('end after five minutes', () => {
    const ticket = logins.issueTicket(43_210)
    const [ours, theirs] = [opened(ticket), opened()]
    now = new Date(now.getTime() + LOGIN_SECONDS * 1000 - 1)
    assert.ok(answer(ours) !== undefined && answer(theirs) !== undefined)
    now = new Date(now.getTime() + 1)
    assert.deepEqual([open(ticket), answer(ours), answer(theirs)], [undefined, undefined, undefined])
    assert.notEqual(logins.confirm(theirs.code ?? ''), 'confirmed')
  })

  it('are over at the fifth wrong code, those that wait for one', () => {
    const [ours, confirmed, theirs] = [opened(logins.issueTicket(43_210)), opened(), opened()]
    logins.confirm(confirmed.code ?? '')
    assert.deepEqual(
      wrongCodes(5),
      [4, 3, 2, 1, 0].map((triesLeft) => ({triesLeft})),
    )
    assert.deepEqual(
      [ours, confirmed, theirs].map((login) => answer(login) !== undefined),
      [true, true, false],
    )
  })

  it('count wrong codes anew after a right one', () => {
    wrongCodes(4)
    assert.equal(logins.confirm(opened().code ?? ''), 'confirmed')
    assert.deepEqual(wrongCodes(1), [{triesLeft: 4}])
  })

  it('are confirmed by a code once', () => {
    const {code = ''} = opened()
    assert.deepEqual([logins.confirm(code), logins.confirm(code)], ['confirmed', {triesLeft: 4}])
  })

  it('are sixteen of strangers, who push each other out and not what the owner has begun or confirmed', () => {
    const ticket = logins.issueTicket(43_210)
    const confirmed = opened()
    logins.confirm(confirmed.code ?? '')
    const strangers = Array.from({length: 1000}, () => opened())
    assert.deepEqual(
      strangers.filter((login) => answer(login) !== undefined),
      strangers.slice(-16),
    )
    assert.ok(answer(confirmed) !== undefined)
    assert.ok(open(ticket) !== undefined)
  })

  it('are sixteen of the owner, whoever confirms them', () => {
    const confirmed = Array.from({length: 20}, () => opened())
    for (const {code = ''} of confirmed) logins.confirm(code)
    const tickets = Array.from({length: 16}, () => logins.issueTicket(43_210))
    assert.equal(confirmed.filter((login) => answer(login) !== undefined).length, 0)
    assert.equal(tickets.filter((ticket) => open(ticket) !== undefined).length, 16)
  })
})
