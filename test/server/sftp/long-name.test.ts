import assert from 'node:assert/strict'
import type {BigIntStats} from 'node:fs'
import {longName} from '../../../src/server/sftp/long-name.ts'

const NOON_MS = Date.parse('2026-03-05T12:00:00')
const DAY_MS = 24 * 60 * 60 * 1000

const line = (mode: number, mtimeMs = NOON_MS): string => {
  // No user has these numbers, so that they stay numbers.
  const stats = {
    mode: BigInt(mode),
    nlink: 2n,
    uid: 4_000_001n,
    gid: 4_000_002n,
    size: 12345n,
    mtimeMs: BigInt(mtimeMs),
  }
  return longName(Buffer.from('name'), stats as BigIntStats, NOON_MS).toString()
}

describe('longName()', () => {
  it('has the columns of ls -l', () => {
    assert.equal(line(0o100644), '-rw-r--r--    2 4000001  4000002     12345 Mar  5 12:00 name')
  })

  it('names users and groups of this machine', () => {
    const root = {mode: 0o40755n, nlink: 2n, uid: 0n, gid: 0n, size: 0n, mtimeMs: 0n} as BigIntStats
    assert.match(longName(Buffer.from('x'), root, NOON_MS).toString(), /^drwxr-xr-x +2 root +(?:root|wheel) /)
  })

  for (const [mode, text] of [
    [0o40755, 'drwxr-xr-x'],
    [0o120777, 'lrwxrwxrwx'],
    [0o10600, 'prw-------'],
    [0o20666, 'crw-rw-rw-'],
    [0o60660, 'brw-rw----'],
    [0o140700, 'srwx------'],
    [0o104755, '-rwsr-xr-x'],
    [0o102644, '-rw-r-Sr--'],
    [0o41777, 'drwxrwxrwt'],
    [0o41776, 'drwxrwxrwT'],
    [0o170000, '?---------'],
  ] as const) {
    it(`shows mode ${mode.toString(8)} as ${text}`, () => {
      assert.equal(line(mode).slice(0, 10), text)
    })
  }

  it('shows the time of the last half year, and the year of other times', () => {
    assert.match(line(0o100644, NOON_MS - 100 * DAY_MS), / Nov 25 12:00 name$/)
    assert.match(line(0o100644, NOON_MS - 200 * DAY_MS), / Aug 17 {2}2025 name$/)
    assert.match(line(0o100644, NOON_MS + 2 * DAY_MS), / Mar {2}7 {2}2026 name$/)
  })
})
