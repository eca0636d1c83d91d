import {chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {RuncodeError} from '../../../src/core/errors.ts'
import {createProcessRuntime} from '../../../src/server/runtime/process-runtime/process-runtime.ts'

/** Removes, as nobody, a workspace that is a link in a folder that cannot be written; prints the failure and the mode behind the link. */
const NOBODY = 65_534
process.setgid?.(NOBODY)
process.setuid?.(NOBODY)
const base = mkdtempSync(join(tmpdir(), 'nobody-'))
const [folder, outside] = [join(base, 'workspaces'), join(base, 'outside')]
mkdirSync(outside)
chmodSync(outside, 0o500)
const runtime = createProcessRuntime({folder, env: {PATH: process.env['PATH'], SHELL: '/bin/sh'}})
symlinkSync(outside, join(folder, 'reed'))
chmodSync(folder, 0o500)
const failure = await runtime.remove({id: 1, title: 'reed'}).catch((error: unknown) => error)
process.stdout.write(
  `${failure instanceof RuncodeError ? failure.code : failure} ${(statSync(outside).mode & 0o777).toString(8)}\n`,
)
chmodSync(folder, 0o700)
rmSync(base, {recursive: true})
