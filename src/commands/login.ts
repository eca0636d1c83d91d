import {Flags} from '@oclif/core'
import {type BrowserMeans, browserToken} from '../actions/account/browser-login.ts'
import {type LoggedIn, login} from '../actions/account/login.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {durationFlag} from '../cli/duration-flag.ts'
import {askSecret, isAtTerminal, readStdin} from '../cli/ui/ask-secret.ts'
import {askYes} from '../cli/ui/ask-yes.ts'
import {openInBrowser} from '../cli/ui/open-browser.ts'
import {FROM_ENVIRONMENT} from '../profile/profile.ts'

const LIMIT_SECONDS = 300

export default class Login extends BaseCommand {
  static override summary = 'Log in to a control plane, in the browser or with a token'
  static override description =
    `Shows the address of the login page, opens it where there is a browser, and waits for its answer; at a terminal a token can
be pasted meanwhile. A token is checked with the control plane before it is kept, and is never taken from the command line.`
  static override examples = [
    '<%= config.bin %> login',
    '<%= config.bin %> login --profile work --no-browser',
    '<%= config.bin %> login --with-token < token.txt',
  ]
  static override flags = {
    ...profileFlag,
    'with-token': Flags.boolean({description: 'read the token from stdin', exclusive: ['paste']}),
    paste: Flags.boolean({description: 'ask for the token, without showing it'}),
    'no-browser': Flags.boolean({description: 'only show the address, and wait'}),
    timeout: durationFlag({description: 'how long the browser is waited for; else 5m'}),
    force: Flags.boolean({description: 'replace the account that is logged in by another'}),
    store: Flags.option({
      options: ['file', 'keychain'] as const,
      description: 'where to keep it; else the keychain if there is one',
    })(),
  }

  async run(): Promise<ReturnType<typeof toJson>> {
    const {flags} = await this.parse(Login)
    const context = this.createContext()
    const isAsking = !this.jsonEnabled() && isAtTerminal()
    const loggedIn = await login(context, {
      profile: flags.profile,
      store: flags.store,
      readToken: async (account, origin) => {
        // What is typed at a terminal would stay on its screen.
        if (flags.paste || (flags['with-token'] && isAtTerminal()))
          return {secret: await askSecret(`Token for ${origin}: `, context.interrupted), email: undefined}
        if (flags['with-token']) return {secret: await readStdin(context.interrupted), email: undefined}
        return browserToken(context, account, this.#means({...flags, isAsking}))
      },
      mayReplace: async (former) =>
        flags.force || (isAsking && (await askYes(`Replace the login of ${former}?`, context.interrupted))),
    })
    this.log(sentence(loggedIn))
    return toJson(loggedIn)
  }

  #means(flags: {'no-browser': boolean; timeout: number | undefined; isAsking: boolean}): BrowserMeans {
    return {
      limitSeconds: flags.timeout ?? LIMIT_SECONDS,
      open: flags['no-browser'] ? undefined : openInBrowser,
      ask: flags.isAsking ? askSecret : undefined,
      tell: (line) => this.tell(line),
    }
  }
}

const sentence = ({profile, origin, place, email, workspaceCount}: LoggedIn): string => {
  const shows = `${workspaceCount} workspace${workspaceCount === 1 ? '' : 's'}`
  const who = email === undefined ? shows : `${email}, ${shows}`
  const as = profile === FROM_ENVIRONMENT ? '' : ` as profile ${profile}`
  return `Logged in to ${origin}${as} (${who}). The token is in ${place}.`
}

const toJson = ({profile, origin, place, email, workspaceCount}: LoggedIn) => ({
  logged_in: true,
  profile,
  origin,
  stored_in: place,
  account: email ?? null,
  workspace_count: workspaceCount,
})
