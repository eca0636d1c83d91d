import {Flags} from '@oclif/core'
import type {NamedProfile} from '../actions/account/change-profiles.ts'
import type {ProfileChanges} from '../actions/account/profile-fields.ts'
import {RuncodeError} from '../core/errors.ts'
import {parseSshProxy, SSH_PROXY_FORM, showSshProxy} from '../profile/ssh-proxy.ts'
import {readStdin} from './ui/ask-secret.ts'

/** A password on the command line is there for every user of this machine to see, and in the history of the shell. */
export class PasswordInArgvError extends RuncodeError {
  constructor(flag: string) {
    super('An address with a password is not taken from the command line.', {
      code: 'usage',
      hint: `Give the address on stdin: --${flag} - < file`,
    })
  }
}

const proxyFlag = Flags.custom<string>({
  helpValue: '<url>',
  parse: async (text, _, {name}) => {
    if ((parseSshProxy(text)?.password ?? '') !== '') throw new PasswordInArgvError(name)
    return text
  },
})

/** The flags that say what is in a profile. */
export const profileFieldFlags = {
  'web-base': Flags.string({helpValue: '<url>', description: 'address of its pages, where a browser logs in'}),
  'ca-file': Flags.string({
    helpValue: '<file>',
    description: 'CA certificates to trust instead of the built-in ones, as PEM',
  }),
  'ssh-proxy': proxyFlag({
    description: `send SSH by way of this HTTP proxy, ${SSH_PROXY_FORM}; - reads the address from stdin, which one with a password must be`,
  }),
  'https-proxy': proxyFlag({
    description:
      'send requests to the control plane by way of this HTTP proxy, named likewise, where the environment has no HTTPS_PROXY',
  }),
}

interface Given {
  readonly 'api-base'?: string | undefined
  readonly 'web-base'?: string | undefined
  readonly 'ca-file'?: string | undefined
  readonly 'ssh-proxy'?: string | undefined
  readonly 'https-proxy'?: string | undefined
}

/** What the flags say, by the names of the fields. Stdin is read once, for each that asks for it. */
export const changesOf = async (flags: Given, interrupted: AbortSignal): Promise<ProfileChanges> => {
  const {'ssh-proxy': sshProxy, 'https-proxy': httpsProxy} = flags
  const read = sshProxy === '-' || httpsProxy === '-' ? (await readStdin(interrupted)).trim() : undefined
  return {
    api_base: flags['api-base'],
    web_base: flags['web-base'],
    ca_file: flags['ca-file'],
    ssh_proxy: sshProxy === '-' ? read : sshProxy,
    https_proxy: httpsProxy === '-' ? read : httpsProxy,
  }
}

/** A profile as it is told under `--json`; of the password of a proxy, that there is one. */
export const profileJson = ({name, profile, isDefault}: NamedProfile) => ({
  name,
  default: isDefault,
  provider: profile.provider,
  api_base: profile.apiBase,
  web_base: profile.webBase ?? null,
  ca_file: profile.caFile ?? null,
  ssh_proxy: profile.sshProxy === undefined ? null : showSshProxy(profile.sshProxy),
  https_proxy: profile.httpsProxy === undefined ? null : showSshProxy(profile.httpsProxy),
  store: profile.store ?? null,
  email: profile.email ?? null,
})
