import assert from 'node:assert/strict'
import {hintWhereNobodyListens} from '../../src/core/nobody-listens.ts'

describe('hintWhereNobodyListens()', () => {
  it('names the server of this machine where nothing listens on a loopback of it', () => {
    for (const [host, words] of [
      ['localhost', 'connect ECONNREFUSED ::1:4; connect ECONNREFUSED 127.0.0.1:4'],
      ['127.0.0.1', 'ssh: connect to host 127.0.0.1 port 1: Connection refused'],
      ['[::1]', 'connect ECONNREFUSED ::1:4'],
    ] as const)
      assert.match(hintWhereNobodyListens(host, words) ?? '', /: runcode server up$/)
  })

  it('says nothing of other machines, nor of other failures', () => {
    for (const [host, words] of [
      ['api.example.test', 'connect ECONNREFUSED 192.0.2.1:443'],
      ['127.0.0.1.example.test', 'connect ECONNREFUSED 192.0.2.1:443'],
      ['localhost', 'it gave no whole answer in time.'],
    ] as const)
      assert.equal(hintWhereNobodyListens(host, words), undefined)
  })
})
