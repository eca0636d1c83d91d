import {RuncodeError} from '../core/errors.ts'
import {type Program, routeByUs} from '../openssh/proxy-command.ts'
import {OURS_ALONE, quoted} from '../openssh/render-config.ts'
import {routeLines} from '../openssh/route.ts'
import type {HostEntry} from './host-names.ts'

/** Says that a block is ours, and not that of another of RunCode's tools. */
export const HEADER = '# Written by "runcode config-ssh"; take it away with "runcode config-ssh --remove".'
/** Says that there was no file, so that none is left when the block goes. */
export const MADE_BY_US = '# There was no file before; without other lines in it, it goes with this block.'

/** An Include would take the path of our own file for a pattern. */
export class UnsafeIncludeError extends RuncodeError {
  constructor(path: string) {
    super(`No line for ssh can include ${path}.`, {
      code: 'unsafe_folder',
      hint: 'Set XDG_CONFIG_HOME to a folder without "*", "?", "%" or brackets in its path, or do without --include.',
      facts: {path},
    })
  }
}

/** What a host has on this machine, besides its lines. Absolute paths. */
export interface HostFiles {
  readonly identityFile: string
  readonly knownHostsFile: string
  /** The name in that known_hosts file. */
  readonly hostKeyAlias: string
  /** What the program is told behind ProxyCommand: plain words. */
  readonly proxyWords: readonly string[]
  /** The control socket, or undefined for no multiplexing. */
  readonly controlPath: string | undefined
}

/** The master of a multiplexed host leaves this long after its last client. */
const CONTROL_PERSIST_SECONDS = 600

/**
 * The lines of one host of ssh_config(5). It says all that matters, as whatever it leaves open is the user's `Host *` to
 * decide; it uses no keyword that an OpenSSH of the last years does not know, as one unknown word anywhere in the file
 * ends every ssh, and none that some are built without (GSSAPI, PKCS#11), as each ssh would complain of it. No Match, no pattern, no comment behind a value: editors list hosts by parsers of their own.
 */
export const renderHost = (host: HostEntry, files: HostFiles, program: Program): readonly string[] => [
  `# ${host.label} (workspace ${host.workspaceId})`,
  `Host ${host.alias}`,
  // Nobody can own such a name (RFC 6761 section 6.4): what ignores ProxyCommand gets nowhere, instead of elsewhere.
  `  HostName ${host.workspaceId}.${host.account}.runcode.invalid`,
  '  Port 22',
  `  User ${host.user}`,
  ...routeLines(routeByUs(program, files.proxyWords)),
  `  IdentityFile ${quoted(files.identityFile)}`,
  '  IdentitiesOnly yes',
  '  IdentityAgent none',
  '  AddKeysToAgent no',
  `  HostKeyAlias ${files.hostKeyAlias}`,
  `  UserKnownHostsFile ${quoted(files.knownHostsFile)}`,
  '  GlobalKnownHostsFile /dev/null',
  '  StrictHostKeyChecking yes',
  '  UpdateHostKeys no',
  '  VerifyHostKeyDNS no',
  ...OURS_ALONE,
  ...(files.controlPath === undefined
    ? ['  ControlMaster no', '  ControlPath none', '  ControlPersist no']
    : [
        '  ControlMaster auto',
        `  ControlPath ${quoted(files.controlPath)}`,
        `  ControlPersist ${CONTROL_PERSIST_SECONDS}`,
      ]),
]

/**
 * The whole of a block, or of a file that is included. The `Host *` at the end opens a section for all hosts again:
 * else the user's global options, which follow, would belong to the last host.
 */
export const renderBlock = (
  hosts: readonly (readonly string[])[],
  {isNewFile}: {isNewFile: boolean},
): readonly string[] => [HEADER, ...(isNewFile ? [MADE_BY_US] : []), ...hosts.flat(), 'Host *']

/** The block of a file that includes ours. It stands first and alone, where it belongs to no host. */
export const renderInclude = (path: string, {isNewFile}: {isNewFile: boolean}): readonly string[] => [
  HEADER,
  ...(isNewFile ? [MADE_BY_US] : []),
  includeLine(path),
]

/** Include takes patterns (glob(7)) and, in newer versions only, tokens. */
export const includeLine = (path: string): string => {
  if (/[*?[\]{}%]/.test(path)) throw new UnsafeIncludeError(path)
  return `Include ${quoted(path)}`
}
