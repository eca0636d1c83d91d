import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {ERROR_CODES} from '../../src/core/errors.ts'
import {ROOT, sourceFiles} from './source-tree.ts'

/** Codes that have been promised. A code is added here when it is added to the table, and never taken away. */
const PROMISED = readFileSync(join(ROOT, 'test/fixtures/error-codes.txt'), 'utf8').trim().split('\n')

describe('the catalogue of errors', () => {
  const code = sourceFiles('src')
    .map(({text}) => text)
    .join('\n')

  it('keeps every code that was ever promised, and promises every code', () => {
    assert.deepEqual(Object.keys(ERROR_CODES).toSorted(), PROMISED.toSorted())
  })

  it('has no code that nothing uses', () => {
    const uses = (name: string): boolean =>
      code.split(`'${name}'`).length > 1 || new RegExp(`code: .*\\b${name}\\b`).test(code) || DERIVED.has(name)
    assert.deepEqual(
      Object.keys(ERROR_CODES).filter((name) => !uses(name)),
      [],
    )
  })

  it('has no error class without a place that throws it', () => {
    const names = [...code.matchAll(/export class (\w+Error) extends RuncodeError/g)].map(([, name]) => name ?? '')
    assert.ok(names.length > 20)
    assert.deepEqual(
      names.filter((name) => !code.includes(`new ${name}(`)),
      [],
    )
  })
})

/** Made of a verb: `start_failed`, `stop_failed`. */
const DERIVED = new Set(['start_failed', 'stop_failed'])
