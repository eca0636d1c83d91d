import assert from 'node:assert/strict'
import {nameWhere} from '../../src/network/localhost.ts'

describe('what ssh is told for this very machine', () => {
  for (const [addresses, name] of [
    [['127.0.0.1'], 'localhost'],
    [['::1', '127.0.0.1'], 'localhost'],
    [['127.0.0.1', '192.0.2.1'], '127.0.0.1'],
    [['::'], '127.0.0.1'],
    [['1270.example.test'], '127.0.0.1'],
    [[], '127.0.0.1'],
  ] as const) {
    it(`is ${name} where localhost is ${addresses.join(' and ') || 'nothing'}`, () =>
      assert.equal(nameWhere(addresses.map((address) => ({address}))), name))
  }
})
