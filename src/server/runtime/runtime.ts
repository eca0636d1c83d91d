import type {Readable, Writable} from 'node:stream'
import type {Ending} from '../../core/process.ts'

/** What a runtime has to know of a workspace: its title is `[a-z0-9-]`, unique, and never changes. */
export interface RuntimeWorkspace {
  readonly id: number
  readonly title: string
}

/** The terminal that a client asked for (RFC 4254 section 6.2). */
export interface PtyRequest {
  readonly term: string
  readonly columns: number
  readonly rows: number
}

export interface ExecRequest {
  /** One line for the login shell; undefined asks for an interactive login shell. */
  readonly command: string | undefined
  readonly pty: PtyRequest | undefined
  /** Variables that the client sent and the gateway accepted (RFC 4254 section 6.4). */
  readonly env: Readonly<Record<string, string>>
}

/** A command or shell that runs in a workspace. With a pty everything comes by stdout. */
export interface RuntimeProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves once, when the process is gone and its output has been handed on. */
  readonly ended: Promise<Ending>
  resize(columns: number, rows: number): void
  /** To the whole process group. */
  signal(name: NodeJS.Signals): void
  /** Ends the process group: TERM, a grace, KILL. For a channel that closed. */
  end(): void
}

/** Where workspaces live. Each method may be called again for the same workspace; each is idempotent. */
export interface Runtime {
  /** Makes what is missing and resolves when commands can run. */
  start(workspace: RuntimeWorkspace): Promise<void>
  /** Resolves when every process of the workspace is gone; its files stay. */
  stop(workspace: RuntimeWorkspace): Promise<void>
  /** Stops it and deletes its files. */
  remove(workspace: RuntimeWorkspace): Promise<void>
  /** The project directory, absolute. */
  workdir(workspace: RuntimeWorkspace): string
  /** Runs in the workspace's HOME; fails only as `unstartable`. */
  exec(workspace: RuntimeWorkspace, request: ExecRequest): RuntimeProcess
  /** Runs an SFTP server (version 3) on stdin and stdout, where the files are, in the workspace's HOME; fails as exec does. */
  sftp(workspace: RuntimeWorkspace): RuntimeProcess
}
