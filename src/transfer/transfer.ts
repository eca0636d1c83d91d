/** What has moved so far, told as it moves. */
export interface Meter {
  /** How many bytes there will be, once that is known. */
  total(bytes: number): void
  /** How many are there now. */
  at(bytes: number): void
  /** How many files of several have moved, and how many there will be where that is known. */
  files(done: number, total: number | undefined): void
}

export interface TransferOptions {
  /** Compares the SHA-256 of both sides before anything is put in its place. */
  readonly isVerified: boolean
  /** Replaces what has the name. */
  readonly mayReplace: boolean
  readonly interrupted: AbortSignal
  readonly meter: Meter
}

/** What became of a transfer. */
export interface Transferred {
  readonly files: number
  readonly bytes: number
  /** Of these, what had come over before. */
  readonly resumedBytes: number
  /** Whether a directory of that name was there, so that it went into it. */
  readonly isInto: boolean
}

/** Parts are gone on with at whole blocks of this size, and compared by the last of them. */
export const BLOCK_BYTES = 65_536
