import {RuncodeError} from '../core/errors.ts'
import {hostKeyAlgorithms, type PinnedKey} from './known-hosts.ts'
import {type Route, routeLines} from './route.ts'

/** Where ssh is to go, and with which files. All paths absolute. */
export interface SshTarget {
  /** The only name that the config knows. */
  readonly alias: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly hostKeys: readonly PinnedKey[]
  readonly identityFile: string
  /** The certificate for that key, or undefined where the key stands alone. */
  readonly certificateFile: string | undefined
  readonly knownHostsFile: string
  /** The control socket, or undefined for no multiplexing. */
  readonly controlPath: string | undefined
  readonly route: Route
}

/** The master leaves this long after its last client. */
const CONTROL_PERSIST_SECONDS = 600

/** A path of ours has characters that an ssh_config cannot carry. */
export class UnsafePathError extends RuncodeError {
  constructor(path: string) {
    super(`ssh cannot be given the path ${JSON.stringify(path)}.`, {
      code: 'unsafe_folder',
      hint: 'Set XDG_STATE_HOME to a folder without quotes, backslashes, control characters or "${" in its path.',
    })
  }
}

/**
 * The whole of an ssh_config(5) for one target, to be used with `ssh -F`: nothing of the user's or the system's
 * configuration applies, no key but this one is offered, no host key but the pinned ones is accepted, nothing is asked.
 */
export const renderConfig = (target: SshTarget): string => `${lines(target).join('\n')}\n`

/** What every connection of ours says, whoever reads it: nothing of the user's or the system's is offered, run or forwarded. */
export const OURS_ALONE: readonly string[] = [
  '  CheckHostIP no',
  '  CanonicalizeHostname no',
  '  PreferredAuthentications publickey',
  '  PubkeyAuthentication yes',
  '  PasswordAuthentication no',
  '  KbdInteractiveAuthentication no',
  '  HostbasedAuthentication no',
  '  BatchMode yes',
  '  ForwardAgent no',
  '  ForwardX11 no',
  '  PermitLocalCommand no',
  '  RemoteCommand none',
  '  Tunnel no',
  '  ConnectTimeout 15',
  '  ServerAliveInterval 15',
  '  ServerAliveCountMax 3',
]

const lines = (target: SshTarget): readonly string[] => [
  `Host ${target.alias}`,
  '  IgnoreUnknown KnownHostsCommand',
  `  HostName ${target.host}`,
  `  Port ${target.port}`,
  `  User ${target.user}`,
  `  IdentityFile ${quoted(target.identityFile)}`,
  ...(target.certificateFile === undefined ? [] : [`  CertificateFile ${quoted(target.certificateFile)}`]),
  '  IdentitiesOnly yes',
  '  IdentityAgent none',
  '  AddKeysToAgent no',
  `  UserKnownHostsFile ${quoted(target.knownHostsFile)}`,
  '  GlobalKnownHostsFile /dev/null',
  '  StrictHostKeyChecking yes',
  `  HostKeyAlgorithms ${hostKeyAlgorithms(target.hostKeys)}`,
  '  UpdateHostKeys no',
  '  VerifyHostKeyDNS no',
  '  KnownHostsCommand none',
  ...OURS_ALONE,
  '  ControlMaster no',
  ...(target.controlPath === undefined
    ? ['  ControlPath none']
    : [`  ControlPath ${quoted(target.controlPath)}`, `  ControlPersist ${CONTROL_PERSIST_SECONDS}`]),
  ...routeLines(target.route),
]

/**
 * Whether an ssh_config can carry a path: there is no way to write a double quote in all versions, nor to keep `${NAME}`
 * from being expanded.
 */
export const canCarry = (path: string): boolean => !/["\\\p{Cc}]|\$\{/u.test(path) || process.platform === 'win32'

/** In double quotes, with `%` doubled since file names expand tokens (TOKENS). */
export const quoted = (path: string): string => {
  if (!canCarry(path)) throw new UnsafePathError(path)
  return `"${path.replaceAll('\\', '/').replaceAll('%', '%%')}"`
}
