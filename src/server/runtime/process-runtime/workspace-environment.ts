import {userInfo} from 'node:os'
import type {RuntimeWorkspace} from '../runtime.ts'
import {loginShell} from './login-shell.ts'
import type {WorkspaceFolder} from './workspace-folder.ts'

/** All that a workspace gets to know of the server's own environment. */
const INHERITED = ['PATH', 'LANG', 'LC_ALL', 'TZ'] as const

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The variable whose value, a path, only the processes of one workspace of one server carry. */
export const MARK = 'RUNCODE_WORKSPACE_ROOT'

export interface EnvironmentOptions {
  /** The server's own environment. */
  readonly env: NodeJS.ProcessEnv
  readonly workspace: RuntimeWorkspace
  readonly folder: WorkspaceFolder
  /** What the client sent and the gateway accepted. */
  readonly requested: Readonly<Record<string, string>>
}

/** The environment of a command, built and not inherited: no secret of the server and no agent of its user gets in. */
export function workspaceEnvironment({env, workspace, folder, requested}: EnvironmentOptions): Record<string, string> {
  const user = userName()
  const inherited = INHERITED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))
  return {
    PATH: DEFAULT_PATH,
    ...Object.fromEntries(inherited),
    ...requested,
    HOME: folder.home,
    USER: user,
    LOGNAME: user,
    SHELL: loginShell(env),
    TMPDIR: folder.temporary,
    RUNCODE_WORKSPACE: workspace.title,
    RUNCODE_WORKSPACE_ID: String(workspace.id),
    [MARK]: folder.root,
  }
}

/** In a container our uid may have no name. */
const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'user')
  }
}
