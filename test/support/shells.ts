import assert from 'node:assert/strict'
import {accessSync, constants, mkdtempSync, rmSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** The login shells that people have. In CI all of them are there; at home those on PATH count. */
export interface LoginShell {
  readonly name: string
  readonly path: string
  /** Whether it reads sh. */
  readonly isPosix: boolean
}

const folder = mkdtempSync(join(tmpdir(), 'runcode-shells-'))
process.once('exit', () => rmSync(folder, {recursive: true, force: true}))

const find = (program: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((place) => join(place, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

/** busybox is what its name says. */
const busyboxAs = (name: string): string | undefined => {
  const path = find('busybox')
  if (path === undefined) return undefined
  symlinkSync(path, join(folder, name))
  return join(folder, name)
}

const NAMES = ['sh', 'dash', 'bash', 'zsh', 'fish', 'tcsh', 'ksh', 'busybox sh']

export const LOGIN_SHELLS: readonly LoginShell[] = NAMES.flatMap((name) => {
  const path = name === 'busybox sh' ? busyboxAs('sh') : find(name)
  assert.ok(path !== undefined || !process.env['CI'], `In CI nothing is skipped: no ${name}`)
  return path === undefined ? [] : [{name, path, isPosix: !['fish', 'tcsh'].includes(name)}]
})

/** What a machine may have for sh: PATH with a folder in front that has it. */
export const SH_PATHS: readonly {readonly name: string; readonly path: string}[] = LOGIN_SHELLS.filter(({name}) =>
  ['dash', 'bash', 'ksh', 'busybox sh'].includes(name),
).map(({name, path}) => {
  const place = mkdtempSync(join(folder, 'as-sh-'))
  symlinkSync(path, join(place, 'sh'))
  return {name, path: `${place}:${process.env['PATH']}`}
})
