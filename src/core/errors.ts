/** Exit statuses of the program. `exec` and `ssh -- words` pass the remote status through and keep 125 for themselves. */
export const EXIT = {notHere: 1, refused: 2, timedOut: 124, notTheCommands: 125, interrupted: 130} as const

/**
 * Every code that a failure can carry, in JSON and in docs/errors.md. Codes are permanent: one may be added, none is
 * renamed or removed. `retryable` says whether the same call can succeed later with nothing changed.
 */
export const ERROR_CODES = {
  ambiguous: {exit: 1, retryable: false, meaning: 'the name fits more than one workspace'},
  auth_failed: {exit: 2, retryable: true, meaning: 'the gateway refused the key of this session'},
  bad_answer: {
    exit: 2,
    retryable: false,
    meaning: 'the control plane answered with something that is not its contract',
  },
  bad_request: {exit: 2, retryable: false, meaning: 'the control plane calls the request invalid (HTTP 400)'},
  block_damaged: {exit: 1, retryable: false, meaning: 'the markers of the managed block in an ssh config are damaged'},
  block_foreign: {
    exit: 1,
    retryable: false,
    meaning: 'the managed block in an ssh config was written or changed by something else',
  },
  cannot_verify: {
    exit: 1,
    retryable: false,
    meaning: 'the workspace has no program that tells the checksum of a file',
  },
  checksum_mismatch: {
    exit: 1,
    retryable: true,
    meaning: 'a file is not the same on both sides after it was transferred',
  },
  config_read_only: {
    exit: 1,
    retryable: false,
    meaning: 'an ssh config cannot be replaced; `paste` holds what it needs',
  },
  config_unsafe: {
    exit: 1,
    retryable: false,
    meaning: 'ssh cannot read its config, or would do something else with the managed block in it',
  },
  conflict: {exit: 2, retryable: false, meaning: 'the state of the workspace forbids it (HTTP 409, or stopped)'},
  connection_failed: {exit: 1, retryable: true, meaning: 'ssh could not reach the gateway'},
  connection_lost: {exit: 1, retryable: false, meaning: 'the connection broke while the remote command may have run'},
  exists: {exit: 1, retryable: false, meaning: 'something has the name already, and --no-clobber was given'},
  file_changed: {exit: 1, retryable: true, meaning: 'a file changed while it was transferred'},
  file_error: {exit: 1, retryable: false, meaning: 'a file of ours could not be read or written'},
  forbidden: {exit: 2, retryable: false, meaning: 'the control plane does not allow it (HTTP 403)'},
  host_key_changed: {exit: 2, retryable: false, meaning: 'the gateway showed another host key than the pinned one'},
  http_error: {exit: 2, retryable: false, meaning: 'any other refusal by the control plane'},
  insecure_base: {exit: 2, retryable: false, meaning: 'an address of a control plane is not https'},
  internal: {exit: 1, retryable: false, meaning: 'a mistake in runcode itself'},
  interrupted: {exit: 130, retryable: true, meaning: 'stopped by Ctrl-C or a signal'},
  keychain_failed: {exit: 1, retryable: true, meaning: 'the keychain of the system did not answer or refused'},
  locked: {exit: 1, retryable: true, meaning: 'another runcode holds the lock'},
  login_denied: {exit: 2, retryable: false, meaning: 'the login was denied in the browser'},
  login_timed_out: {exit: 1, retryable: true, meaning: 'nobody answered the login page in time'},
  missing_package: {exit: 1, retryable: false, meaning: 'an optional package is not installed'},
  missing_program: {exit: 1, retryable: false, meaning: 'a program that runcode needs is not installed'},
  network: {exit: 2, retryable: true, meaning: 'the control plane cannot be reached'},
  no_directory: {exit: 1, retryable: false, meaning: 'the directory on the workspace does not exist'},
  no_such_file: {exit: 1, retryable: false, meaning: 'the file that is to be transferred is not there'},
  no_terminal: {exit: 1, retryable: false, meaning: 'the workspace gives no terminal'},
  no_token: {exit: 1, retryable: false, meaning: 'there is no token for this control plane'},
  no_web_address: {exit: 1, retryable: false, meaning: 'the workspace has no web address'},
  not_attached: {exit: 1, retryable: false, meaning: 'no workspace is attached to this place'},
  not_found: {exit: 2, retryable: false, meaning: 'no such workspace, profile or thing (HTTP 404)'},
  not_ready: {exit: 2, retryable: true, meaning: 'the workspace was not ready in time'},
  not_sent: {exit: 1, retryable: false, meaning: 'the program of --script could not be kept on the workspace'},
  other_account: {exit: 1, retryable: false, meaning: 'the profile is logged in to another account'},
  port_unavailable: {exit: 1, retryable: false, meaning: 'a local port is in use, or cannot be had'},
  rate_limited: {exit: 2, retryable: true, meaning: 'too many requests (HTTP 429)'},
  reverse_refused: {exit: 1, retryable: false, meaning: 'a port of the workspace cannot be made to lead here'},
  server_down: {exit: 1, retryable: false, meaning: 'the server of this machine is not running'},
  server_failed: {exit: 1, retryable: false, meaning: 'the server of this machine did not start or stop'},
  session_ended: {
    exit: 1,
    retryable: true,
    meaning: 'the session was ended by another process of ours before it was used',
  },
  ssh_failed: {exit: 1, retryable: false, meaning: 'a program of OpenSSH failed in a way that has no code of its own'},
  start_failed: {exit: 2, retryable: false, meaning: 'the control plane refused to start the workspace'},
  stop_failed: {exit: 2, retryable: false, meaning: 'the control plane refused to stop the workspace'},
  temporary_program: {exit: 1, retryable: false, meaning: 'this program runs from a place that is cleared away'},
  transfer_failed: {exit: 1, retryable: false, meaning: 'a file could not be read or written on the workspace'},
  unauthorized: {exit: 2, retryable: false, meaning: 'the control plane does not accept the token (HTTP 401)'},
  unavailable: {exit: 2, retryable: true, meaning: 'the control plane is out of service (HTTP 503)'},
  unsafe_archive: {exit: 1, retryable: false, meaning: 'the workspace sent files that are not to be written here'},
  unsafe_bundle: {exit: 2, retryable: false, meaning: 'the control plane sent connection data that is not safe to use'},
  unsafe_folder: {exit: 1, retryable: false, meaning: 'a folder of ours belongs to someone else or is open to others'},
  usage: {exit: 2, retryable: false, meaning: 'the command line is wrong'},
  workspace_stopped: {exit: 1, retryable: false, meaning: 'the workspace was stopped while its ports were forwarded'},
} as const satisfies Record<string, {exit: number; retryable: boolean; meaning: string}>

export type ErrorCode = keyof typeof ERROR_CODES

/** Facts that a failure adds to its JSON object, in snake_case. */
export type Facts = Readonly<Record<string, Fact>>
type Fact = string | number | boolean | null | readonly string[] | readonly number[] | Readonly<Record<string, string>>

export interface Problem {
  readonly code: ErrorCode
  /** The next command, or what to change; one sentence. */
  readonly hint?: string | undefined
  /** Overrides the table where this very failure is known better. */
  readonly retryable?: boolean | undefined
  readonly facts?: Facts | undefined
  readonly cause?: unknown
}

/** A failure that its reader can act on. Anything else that reaches the top is a mistake in runcode. */
export abstract class RuncodeError extends Error {
  readonly code: ErrorCode
  readonly exit: number
  readonly hint: string | undefined
  readonly retryable: boolean
  #facts: Facts
  #said: string | undefined

  constructor(message: string, {code, hint, retryable, facts, cause}: Problem) {
    super(message, cause === undefined ? undefined : {cause})
    this.name = new.target.name
    this.code = code
    this.exit = ERROR_CODES[code].exit
    this.hint = hint
    this.retryable = retryable ?? ERROR_CODES[code].retryable
    this.#facts = facts ?? {}
  }

  get facts(): Facts {
    return this.#facts
  }

  /** Adds what a caller knows more; a fact that is there already stays. */
  tell(facts: Facts): void {
    this.#facts = {...facts, ...this.#facts}
  }

  /** What a program said of this failure, or of that behind it, as it came: nothing to be trusted or shown as it is. */
  get said(): string | undefined {
    return this.#said ?? (this.cause instanceof RuncodeError ? this.cause.said : undefined)
  }

  /** Keeps what a program said of it, where it said anything. */
  quote(words: string | undefined): this {
    this.#said = words?.trim() ? words : undefined
    return this
  }
}

/** The code of a Node system error (`ENOENT`, `ECONNREFUSED`), or undefined for anything else. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
