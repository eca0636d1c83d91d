import assert from 'node:assert/strict'
import {Incoming, Window} from '../../src/openssh/incoming.ts'

describe('what has come over a channel', () => {
  it('is given in its order, also what comes while it is read, and ends', async () => {
    const taken: number[] = []
    const incoming = new Incoming((sizeBytes) => void taken.push(sizeBytes))
    incoming.push(Buffer.from('a'))
    setImmediate(() => {
      incoming.push(Buffer.from('bc'))
      incoming.end()
    })
    const read: string[] = []
    for await (const chunk of incoming) read.push(chunk.toString())
    assert.deepEqual(
      [read, taken],
      [
        ['a', 'bc'],
        [1, 2],
      ],
    )
  })

  it('is kept in few pieces, however small those are that come', async () => {
    let takenBytes = 0
    const incoming = new Incoming((sizeBytes) => {
      takenBytes += sizeBytes
    })
    const wanted = Buffer.from(Array.from({length: 200_000}, (_, at) => at % 251))
    for (let at = 0; at < wanted.length; at += 1) incoming.push(wanted.subarray(at, at + 1))
    incoming.end()
    const read: Buffer[] = []
    for await (const chunk of incoming) read.push(chunk)
    assert.ok(Buffer.concat(read).equals(wanted))
    assert.ok(read.length <= 1024, `${read.length} pieces`)
    assert.equal(takenBytes, wanted.length)
  })
})

describe('a window', () => {
  it('is given back by the quarter, and never filled beyond what was allowed', () => {
    const window = new Window(100)
    window.fill(100)
    assert.throws(() => window.fill(1), RangeError)
    const other = new Window(100)
    other.fill(100)
    assert.deepEqual([other.free(24), other.free(1), other.free(10)], [0, 25, 0])
    other.fill(25)
    assert.throws(() => other.fill(1), RangeError)
  })
})
