import type {Folders} from '../core/folders.ts'
import type {Route} from '../openssh/route.ts'
import type {WorkspaceId} from '../workspace/workspace.ts'

/** What a check looks at. Every fact that costs something is a function. */
export interface Patient {
  readonly env: NodeJS.ProcessEnv
  readonly folders: Folders
  readonly home: string
  readonly cwd: string
  readonly account: string
  readonly apiBase: string
  /** The HTTP proxy by which SSH goes to the gateways of the account; undefined: straight there. */
  readonly sshProxy: URL | undefined
  /** Where the token is, in words, never the token. Throws where there is none. */
  readonly findTokenPlace: () => Promise<string>
  /** Asks the control plane for its workspaces, once however many checks want them. */
  readonly listWorkspaces: () => Promise<readonly Listed[]>
  /** The session that is at hand where the person stands, with a good pass; undefined where there is none. */
  readonly findSession: () => Promise<AtHand | undefined>
}

/** As much of a workspace as a check looks at. */
export interface Listed {
  readonly id: WorkspaceId
  readonly title: string
}

/** How ssh is told of a session, `ssh -F <configFile> <alias>`, and where its gateway is. */
export interface AtHand {
  readonly configFile: string
  readonly alias: string
  readonly title: string
  readonly host: string
  readonly port: number
  /** The HTTP proxy on the way, as the profile of the session has it now, and what ssh is told of it. */
  readonly sshProxy: URL | undefined
  readonly route: Route
}

export interface Finding {
  /** `skip`: there was nothing to look at; the detail tells why. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skip'
  readonly detail: string
  readonly hint?: string | undefined
}

/** One thing that breaks in practice. A check that throws has failed with what it threw. */
export interface Check {
  /** Stable; part of the JSON. */
  readonly name: string
  examine(patient: Patient): Promise<Finding>
}
