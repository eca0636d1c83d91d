import {makePrivateFolder} from '../../core/files.ts'
import type {ServerFacts} from '../../server/server-facts.ts'
import type {Context} from '../context.ts'
import {adoptLocalProfile} from './local-profile.ts'
import {serverRoot} from './local-server.ts'
import type {UpInput} from './up.ts'

export interface RunHereInput extends Omit<UpInput, 'self'> {
  readonly version: string
  readonly onReady: (facts: ServerFacts) => void
}

/** Runs the server in this process until Ctrl-C, TERM or the idle time, and tells which. */
export async function runServerHere(context: Context, {onReady, ...input}: RunHereInput): Promise<'stopped' | 'idle'> {
  const {requirePackages} = await import('../../server/packages.ts')
  requirePackages()
  const {runServer} = await import('../../server/run-server.ts')
  const folder = serverRoot(context)
  await makePrivateFolder(folder)
  let adopted: Promise<unknown> = Promise.resolve()
  const ready = (facts: ServerFacts): void => {
    adopted = adoptLocalProfile(context, facts).then(() => onReady(facts))
    adopted.catch(() => undefined)
  }
  const {env, interrupted: signal} = context
  const end = await runServer({...input, folder, env, signal, now: () => context.now().date, onReady: ready})
  await adopted
  return end
}
