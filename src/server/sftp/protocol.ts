/** Requests of SFTP version 3 (draft-ietf-secsh-filexfer-02 section 3), the only version that OpenSSH speaks. */
export const REQUEST = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  extended: 200,
} as const

export const REPLY = {
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extended: 201,
} as const

/** Section 7. */
export const STATUS = {
  ok: 0,
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const

export type Status = (typeof STATUS)[keyof typeof STATUS]

/** Without the length before it. OpenSSH's own limit, which its clients know (SFTP_MAX_MSG_LENGTH). */
export const MAX_PACKET_BYTES = 256 << 10
/** Of a file, in one packet. */
export const MAX_DATA_BYTES = MAX_PACKET_BYTES - 1024

/** What answers a request; `body` comes after its id. */
export interface Reply {
  readonly type: (typeof REPLY)[keyof typeof REPLY]
  readonly body: readonly Buffer[]
}
