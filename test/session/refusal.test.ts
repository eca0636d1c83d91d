import assert from 'node:assert/strict'
import {existsSync, readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {RuncodeError} from '../../src/core/errors.ts'
import {forgetRefusal, keepRefusal, sharedRefusal} from '../../src/session/refusal.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

class ExampleRefusal extends RuncodeError {}

const refusal = new ExampleRefusal('No.', {
  code: 'unavailable',
  hint: 'Later.',
  retryable: false,
  facts: {status: 503, retry_after_seconds: 9},
})

describe('a refusal that is shared', () => {
  const folder = temporaryFolder()

  it('says the same to who waited for it, with its code, exit, hint and facts', async () => {
    await keepRefusal(folder.path, 'first', refusal)
    const shared = await sharedRefusal(folder.path, new Set(['before', 'first']))
    const {message, code, exit, hint, retryable, facts} = shared ?? {}
    assert.deepEqual(
      {message, code, exit, hint, retryable, facts},
      {
        ...{message: 'No.', code: 'unavailable', exit: 2, hint: 'Later.', retryable: false},
        facts: {status: 503, retry_after_seconds: 9},
      },
    )
  })

  it('says nothing to who waited for another one, or for nobody', async () => {
    await keepRefusal(folder.path, 'first', refusal)
    assert.equal(await sharedRefusal(folder.path, new Set(['second'])), undefined)
    assert.equal(await sharedRefusal(folder.path, new Set()), undefined)
  })

  it('is none where the fault lies here, or is a mistake', async () => {
    await keepRefusal(folder.path, 'first', new ExampleRefusal('The disk is full.', {code: 'file_error'}))
    await keepRefusal(folder.path, 'first', new RangeError('mistake'))
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('is forgotten', async () => {
    await keepRefusal(folder.path, 'first', refusal)
    await forgetRefusal(folder.path)
    await forgetRefusal(folder.path)
    assert.equal(existsSync(join(folder.path, 'refused')), false)
  })

  const whole = {words: 'first', code: 'unavailable', message: 'No.', retryable: true, facts: {}}
  for (const [what, text] of Object.entries({
    'an empty file': '',
    'no JSON': '{"words":',
    null: 'null',
    'a code that is none': JSON.stringify({...whole, code: 'toString'}),
    'no message': JSON.stringify({...whole, message: 1}),
    'facts that are none': JSON.stringify({...whole, facts: {deep: {}}}),
  })) {
    it(`is none where its file holds ${what}`, async () => {
      writeFileSync(join(folder.path, 'refused'), text)
      assert.equal(await sharedRefusal(folder.path, new Set(['first'])), undefined)
    })
  }
})
