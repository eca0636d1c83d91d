import assert from 'node:assert/strict'
import {diagnosis} from '../../../src/cli/ui/diagnosis.ts'

describe('diagnosis()', () => {
  const finding = {name: 'host-key', status: 'fail', detail: 'It has another.', said: 'one\r\nBearer x\r\n'} as const
  const lines = (isVerbose: boolean): readonly string[] =>
    diagnosis([finding], {isVerbose}).map((line) => line.trimStart())

  it('has the words of ssh below its finding, without secrets, where everything is asked for', () => {
    assert.deepEqual(lines(true).slice(-3), ['OpenSSH said:', 'one', 'Bearer <secret>'])
    assert.match(lines(false).at(-1) ?? '', /^fail +host-key +It has another\.$/)
  })
})
