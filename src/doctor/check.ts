import type {Folders} from '../core/folders.ts'

/** What a check looks at. Every fact that costs something is a function. */
export interface Patient {
  readonly env: NodeJS.ProcessEnv
  readonly folders: Folders
  readonly home: string
  readonly account: string
  readonly apiBase: string
  /** Where the token is, in words, never the token. Throws where there is none. */
  readonly findTokenPlace: () => Promise<string>
  /** Asks the control plane for its workspaces and gives how many there are, with how far its clock is from ours. */
  readonly countWorkspaces: () => Promise<number>
}

export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly hint?: string | undefined
}

/** One thing that breaks in practice. A check that throws has failed with what it threw. */
export interface Check {
  /** Stable; part of the JSON. */
  readonly name: string
  examine(patient: Patient): Promise<Finding>
}
