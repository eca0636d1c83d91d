import type {Folders} from '../core/folders.ts'
import type {ServiceFacts} from '../network/meet-service.ts'
import type {Route} from '../openssh/route.ts'
import type {WorkspaceId} from '../workspace/workspace.ts'

/** What a check looks at. Every fact that costs something is a function. */
export interface Patient {
  readonly env: NodeJS.ProcessEnv
  readonly folders: Folders
  readonly home: string
  readonly cwd: string
  /** The time by the clock of this machine. */
  readonly now: () => Date
  /** This very program. */
  readonly program: {readonly node: string; readonly script: string; readonly version: string}
  /** As node:os tells them. */
  readonly system: {readonly platform: NodeJS.Platform; readonly release: string}
  /** The account that is looked at. Throws where the profiles cannot be read, or name none. */
  readonly findAccount: () => Promise<PatientAccount>
  /** Asks the control plane for nothing, without a token, once however many checks want it. Throws where there is no account. */
  readonly meetService: () => Promise<ServiceFacts>
  /** Where the token is, in words, and since when; never the token. Throws where there is none. */
  readonly findTokenPlace: () => Promise<TokenPlace>
  /** Asks the control plane for its workspaces, once however many checks want them. */
  readonly listWorkspaces: () => Promise<readonly Listed[]>
  /** Writes the entries of config-ssh anew where what they start is gone. Throws where it could not. */
  readonly repairEntries: () => Promise<void>
  /** The session that is at hand where the person stands, with a good pass; undefined where there is none. */
  readonly findSession: () => Promise<AtHand | undefined>
}

/** As much of a token as a check looks at. */
export interface TokenPlace {
  readonly place: string
  /** Undefined where nobody wrote it down. */
  readonly storedAt: Date | undefined
}

/** As much of an account as a check looks at. */
export interface PatientAccount {
  readonly name: string
  readonly apiBase: string
  /** Replaces the built-in authorities where it is set. */
  readonly caFile: string | undefined
  /** The HTTP proxy by which SSH goes to the gateways of the account; undefined: straight there. */
  readonly sshProxy: URL | undefined
  /** The HTTP proxy for requests to the control plane, and what names it. Throws where that is no address. */
  readonly findApiProxy: () => {readonly url: URL; readonly setting: string} | undefined
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
  /** What ssh said of it, as it came. */
  readonly said?: string | undefined
  /** What a program wants to know of it as well, in the words of our JSON. */
  readonly facts?: Readonly<Record<string, string | null>>
  /** What can be done about it without asking, as it only touches what is ours. */
  readonly fixes?: readonly Fix[]
}

/** Something that --fix does. */
export interface Fix {
  /** What it will have done, as a sentence. */
  readonly did: string
  apply(): Promise<void>
}

/** Where a check stands in the answer. */
export const GROUPS = [
  'This machine',
  'Folders',
  'SSH',
  'Hosts of config-ssh',
  'Account',
  'Control plane',
  'Workspace here',
] as const
export type Group = (typeof GROUPS)[number]

/** One thing that breaks in practice. A check that throws has failed with what it threw. */
export interface Check {
  /** Stable; part of the JSON. */
  readonly name: string
  readonly group: Group
  /** What it looks at, for docs/doctor.md. */
  readonly about: string
  /** What --fix does about it; absent where it does nothing. */
  readonly fixes?: string
  examine(patient: Patient): Promise<Finding>
}
