import ssh2, {type AuthContext, type Connection, type PublicKeyAuthContext} from 'ssh2'
import {MAX_TRIES} from '../limits.ts'
import type {RuntimeWorkspace} from '../runtime/runtime.ts'
import type {GatewayOptions} from './gateway.ts'
import {judgeOfferedKey, type OfferVerdict} from './judge-offered-key.ts'

/** Who was let in, to which workspace, by a key of which API token. */
export interface Admitted {
  readonly user: string
  readonly workspace: RuntimeWorkspace
  readonly tokenId: number
  /** `type base64` */
  readonly publicKey: string
}

/** Why the last try failed. `method`: it was no public key. `crowded`: too many have come by the same token. */
export type Refusal = Exclude<OfferVerdict, 'registered'> | 'bad_signature' | 'method' | 'crowded'

export interface AuthenticationOutcome {
  /** Set once, before the client is told. */
  admitted?: Admitted
  /** The last failure, with the user that was asked for. */
  refused?: {readonly user: string; readonly reason: Refusal; readonly tries: number}
}

/** Answers the authentication requests of a connection: public keys only, each proven by its signature. */
export function authenticate(connection: Connection, admit: GatewayOptions['admit']): AuthenticationOutcome {
  const outcome: AuthenticationOutcome = {}
  let tries = 0
  connection.on('authentication', (context) => {
    // What was sent before the client heard of the end.
    if (tries >= MAX_TRIES) return
    const verdict = judge(context, admit)
    if (verdict === 'offered') return context.accept()
    if (typeof verdict === 'object') {
      outcome.admitted = verdict
      return context.accept()
    }
    // A client asks with `none` first, only to learn the methods (RFC 4252 section 5.2).
    if (context.method !== 'none') tries += 1
    outcome.refused = {user: context.username, reason: verdict, tries}
    context.reject(['publickey'])
    if (tries >= MAX_TRIES) connection.end()
  })
  return outcome
}

const judge = (context: AuthContext, admit: GatewayOptions['admit']): Admitted | Refusal | 'offered' => {
  if (context.method !== 'publickey') return 'method'
  const entrance = admit(context.username)
  const {algo, data}: {algo: string; data: Buffer | undefined} = context.key
  const verdict = judgeOfferedKey(
    entrance?.keys.map(({publicKey}) => publicKey),
    {algorithm: algo, hashAlgorithm: context.hashAlgo, blob: data},
  )
  if (verdict !== 'registered') return verdict
  const key = entrance?.keys.find(({publicKey}) => publicKey === `${algo} ${data?.toString('base64')}`)
  if (entrance === undefined || key === undefined) return 'unknown_key'
  if (context.signature === undefined) return 'offered'
  if (!isProven(context)) return 'bad_signature'
  return {user: context.username, workspace: entrance.workspace, tokenId: key.tokenId, publicKey: key.publicKey}
}

/** ssh2 gives an Error, or throws, where a signature cannot be read at all. */
const isProven = ({key, blob, signature, hashAlgo}: PublicKeyAuthContext): boolean => {
  if (blob === undefined || signature === undefined) return false
  try {
    const parsed = ssh2.utils.parseKey(key.data)
    return !(parsed instanceof Error) && parsed.verify(blob, signature, hashAlgo) === true
  } catch {
    return false
  }
}
