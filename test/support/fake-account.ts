import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {FakeControlPlane} from './fake-control-plane.ts'

/** Makes a control plane that a test plays the default account of a home, with a token of its own. */
export function useFakeAccount(home: string, {apiBase, caFile}: FakeControlPlane, token: string): void {
  const config = join(home, '.config/runcode/cli')
  mkdirSync(config, {recursive: true, mode: 0o700})
  const profile = {provider: 'runcode', api_base: apiBase, ca_file: caFile, store: 'file'}
  writeFileSync(join(config, 'profiles.json'), JSON.stringify({version: 1, default: 'fake', profiles: {fake: profile}}))
  const tokens = [{origin: apiBase, account: 'fake', token}]
  writeFileSync(join(config, 'credentials.json'), JSON.stringify({version: 1, tokens}), {mode: 0o600})
}
