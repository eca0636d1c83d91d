import {run} from '../core/process.ts'
import {lastLine} from '../openssh/openssh-failed.ts'
import {findProgram, type OpensshProgram} from '../openssh/programs.ts'
import type {Check} from './check.ts'

/** A program of OpenSSH is on PATH; of ssh also its version. */
export const opensshCheck = (program: OpensshProgram): Check => ({
  name: program,
  group: 'SSH',
  about: program === 'ssh' ? 'it is on PATH, is OpenSSH, and new enough' : 'it is on PATH',
  examine: async ({env}) => {
    const path = await findProgram(program, env)
    if (program !== 'ssh') return {status: 'ok', detail: path}
    const {stderr} = await run(path, ['-V'], {env, timeoutMs: 5000})
    return judge(path, lastLine(stderr) ?? 'says no version')
  },
})

/** Before 8.4 a ControlPath or file name in a config is expanded otherwise, and before 7.6 UserKnownHostsFile cannot be relied on. */
const OLDEST = 8.4

const judge = (path: string, version: string): Awaited<ReturnType<Check['examine']>> => {
  const [, number] = /OpenSSH_(?:for_Windows_)?(\d+\.\d+)/.exec(version) ?? []
  if (number === undefined)
    return {status: 'warn', detail: `${path} is not OpenSSH (${version})`, hint: 'Install the OpenSSH client.'}
  if (Number(number) < OLDEST)
    return {status: 'warn', detail: `${path} (${version})`, hint: `Older than ${OLDEST}: update the OpenSSH client.`}
  return {status: 'ok', detail: `${path} (${version})`}
}
