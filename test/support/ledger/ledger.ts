import {existsSync, readFileSync} from 'node:fs'

/** A token left a process. */
interface Sent {
  readonly kind: 'sent'
  readonly argv: readonly string[]
  readonly token: string
  readonly host: string | null
  readonly port: number | null
  readonly isTls: boolean
  /** The port of the proxy that the environment or a profile named, and the name that TLS was told. */
  readonly proxyPort?: number | null
  readonly servername?: string | null
  /** Which token belongs to which origin, as the files and the environment of that run said. */
  readonly tokens: readonly {readonly origin: string; readonly token: string}[]
  readonly profiles: Readonly<Record<string, string>>
  readonly usual: string | null
}

/** A process was started. */
interface Child {
  readonly kind: 'child'
  readonly argv: readonly string[]
  /** `NAME=value` each. */
  readonly env: readonly string[]
  readonly tokens: readonly {readonly origin: string; readonly token: string}[]
}

export type Entry = Sent | Child

export const readLedger = (path: string): readonly Entry[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Entry)
    : []

/** Every way in which the entries break the rule: a token goes to its own origin over TLS, and to no child process. */
export function faultsOf(entries: readonly Entry[]): readonly string[] {
  const tokens = entries.flatMap((one) => [...one.tokens.map(({token}) => token), ...sentOf(one)])
  // What is shorter is part of many a word.
  const secrets = new Set(tokens.filter((token) => token.length >= SHORTEST))
  return entries.flatMap((one) => (one.kind === 'sent' ? faultsOfSent(one) : faultsOfChild(one, secrets)))
}

const SHORTEST = 6

const sentOf = (one: Entry): readonly string[] => (one.kind === 'sent' ? [one.token] : [])

const faultsOfSent = (sent: Sent): readonly string[] => {
  const what = `"${sent.argv.join(' ')}" sent a token to ${sent.host} (port ${sent.port})`
  const url = URL.canParse(`https://${sent.host}`) ? new URL(`https://${sent.host}`) : undefined
  if (!sent.isTls || url === undefined) return [`${what} in the clear`]
  const isProxied = sent.port === sent.proxyPort && sent.servername === url.hostname
  if (Number(url.port || 443) !== sent.port && !isProxied)
    return [`${what}, which is not where it said that it speaks to`]
  return ownersOf(sent).includes(url.origin) ? [] : [`${what}, which is not its own origin`]
}

/** A token that is being logged in with belongs to the profile that the command names. */
const ownersOf = ({argv, token, tokens, profiles, usual}: Sent): readonly string[] => {
  const kept = tokens.filter((one) => one.token === token).map(({origin}) => new URL(origin).origin)
  if (argv[0] !== 'login') return kept
  const named = argv[argv.indexOf('--profile') + 1]
  const base = profiles[(argv.includes('--profile') ? named : usual) ?? '']
  return base === undefined ? kept : [...kept, new URL(base).origin]
}

const faultsOfChild = ({argv, env}: Child, secrets: ReadonlySet<string>): readonly string[] => {
  const holds = (text: string): boolean =>
    text.includes('PRIVATE KEY-----') || [...secrets].some((secret) => text.includes(secret))
  const program = argv[0]
  return [
    ...argv.filter(holds).map(() => `${program} was given a secret in its argv`),
    ...env.filter(holds).map((pair) => `${program} was given a secret in ${pair.split('=')[0]}`),
  ]
}
