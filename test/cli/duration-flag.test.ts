import assert from 'node:assert/strict'
import {Parser} from '@oclif/core'
import {durationFlag} from '../../src/cli/duration-flag.ts'
import {failureOf} from '../../src/cli/failure.ts'

const parse = async (text: string): Promise<unknown> => {
  const {flags} = await Parser.parse(['--timeout', text], {flags: {timeout: durationFlag()}, strict: true})
  return flags['timeout']
}

describe('a flag for a length of time', () => {
  for (const [text, seconds] of Object.entries({'90': 90, '30s': 30, '12m': 720, '1h30m': 5400})) {
    it(`takes ${text} for ${seconds} seconds`, async () => assert.equal(await parse(text), seconds))
  }

  for (const text of ['0', '', 'soon', '5 m', '1.5h', '1e3']) {
    it(`refuses ${JSON.stringify(text)}, in one line that names the flag`, async () => {
      const failure = failureOf(await parse(text).catch((error: unknown) => error))
      const {code, exit, message} = failure
      assert.deepEqual(
        {code, exit, message},
        {code: 'usage', exit: 2, message: `--timeout: "${text}" is not a length of time.`},
      )
    })
  }
})
