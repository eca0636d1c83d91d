import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {FakeControlPlane} from './fake-control-plane.ts'

/** Makes a control plane that a test plays the default account of a home, with a token of its own. */
export function useFakeAccount(home: string, plane: FakeControlPlane, token: string): void {
  useFakeAccounts(home, {fake: plane}, token)
}

/** Makes control planes the accounts of a home, by the names of their profiles; the first is the default. */
export function useFakeAccounts(home: string, planes: Readonly<Record<string, FakeControlPlane>>, token: string): void {
  const config = join(home, '.config/runcode/cli')
  mkdirSync(config, {recursive: true, mode: 0o700})
  const entries = Object.entries(planes)
  const profiles = entries.map(([name, {apiBase, caFile}]) => [
    name,
    {provider: 'runcode', api_base: apiBase, ca_file: caFile, store: 'file'},
  ])
  const file = {version: 1, default: entries[0]?.[0], profiles: Object.fromEntries(profiles)}
  writeFileSync(join(config, 'profiles.json'), JSON.stringify(file), {mode: 0o600})
  const tokens = entries.map(([account, {apiBase}]) => ({origin: apiBase, account, token}))
  writeFileSync(join(config, 'credentials.json'), JSON.stringify({version: 1, tokens}), {mode: 0o600})
}
