import type {Branded} from './brand.ts'

/** The id of a workspace at its control plane: `[A-Za-z0-9_-]`, also safe as the name of a folder. */
export type WorkspaceId = Branded<string, 'WorkspaceId'>

/** The id in a text, or undefined where it is none. */
export const parseWorkspaceId = (text: string): WorkspaceId | undefined =>
  /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(text) ? (text as WorkspaceId) : undefined

/** A workspace as its control plane lists it. Titles and names are text from outside: printable only on a screen. */
export interface Workspace {
  readonly id: WorkspaceId
  /** The slug that is also the SSH user. */
  readonly title: string
  /** The name that people gave it; null where there is none. */
  readonly displayName: string | null
  /** Lower case words of the control plane; `''` where it did not say. */
  readonly state: string
  /** Listed as somebody else's. */
  readonly isShared: boolean
  /** Whether this kind of workspace can be reached by SSH at all, running or not. */
  readonly hasSsh: boolean
}

/** Whether SSH should answer now. */
export const isRunning = ({state}: Workspace): boolean => state === 'running'

/** What to call it in front of a person: the name they gave it, else its title. */
export const nameOf = ({displayName, title}: Pick<Workspace, 'displayName' | 'title'>): string => displayName ?? title

/**
 * How a workspace is named in a command that we suggest: an own one by its title where that is a plain word and can't be
 * taken for an id, else by its id. People and agents run what we suggest, so a title such as `x; rm -rf ~` must not get
 * there, nor the title of a shared one, which may be the name of an own one.
 */
export const wordFor = ({title, id, isShared}: Pick<Workspace, 'title' | 'id' | 'isShared'>): string =>
  !isShared && /^(?!-)(?!\d+$)[A-Za-z0-9._-]{1,128}$/.test(title) ? title : id
