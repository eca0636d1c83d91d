import assert from 'node:assert/strict'
import {lstatSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

/** Where secrets are meant to be. */
const KEEPERS = /^(?:id_\w+|credentials\.json|owner-token|leaf\.pem|(?:\w+\.)?\w*key(?:\.pem)?)$/
/** What no other file, and no output, may hold. */
const LOOKS = [/-----BEGIN [A-Z ]*PRIVATE KEY-----\s+\S/, /[Bb]earer +rc_/]
/** Larger ones are those of tests that move much. */
const LIMIT_BYTES = 4 << 20

/** The tokens that a home keeps, and that an environment holds. */
export const tokensOf = (home: string, env: Readonly<Record<string, string | undefined>> = {}): readonly string[] => {
  const kept = textOf(join(home, '.config/runcode/cli/credentials.json')).matchAll(/"token": ?"([^"]{8,})"/g)
  const owner = textOf(join(home, '.local/state/runcode/cli/server/owner-token')).trim()
  return [...[...kept].map(([, token = '']) => token), owner, env['RUNCODE_TOKEN'] ?? ''].filter(
    ({length}) => length >= 8,
  )
}

/** Fails where a text holds a token or a private key. */
export function refuseSecrets(what: string, text: string, tokens: readonly string[]): void {
  for (const token of tokens) assert.ok(!text.includes(token), `${what} holds a token`)
  for (const look of LOOKS) assert.doesNotMatch(text, look, `${what} holds a secret`)
}

/** Fails where a file below a folder holds one that is not meant to. */
export function refuseSecretsIn(folder: string, tokens: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const facts = lstatSync(path)
    if (facts.isDirectory()) refuseSecretsIn(path, tokens)
    else if (facts.isFile() && facts.size < LIMIT_BYTES && !KEEPERS.test(name))
      refuseSecrets(path, textOf(path), tokens)
  }
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
