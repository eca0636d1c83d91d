import {getSystemErrorMap} from 'node:util'
import {messageOf, systemCode} from '../../core/errors.ts'
import {bytes, uint32} from './fields.ts'
import {REPLY, type Reply, STATUS, type Status} from './protocol.ts'

/** A request that is answered with this status, and words; the session goes on. */
export class RefusedError extends Error {
  readonly status: Status

  constructor(status: Status, message: string) {
    super(message)
    this.status = status
  }
}

export const statusReply = (status: Status, words: string): Reply => ({
  type: REPLY.status,
  body: [uint32(status), ...bytes(words), ...bytes('en')],
})

export const OK = statusReply(STATUS.ok, 'Success')

/** The answer to a request that failed: what was refused here, or by the system. */
export function refusalOf(thrown: unknown): Reply {
  if (thrown instanceof RefusedError) return statusReply(thrown.status, thrown.message)
  const code = systemCode(thrown)
  const words = WORDS.get(code ?? '') ?? messageOf(thrown)
  return statusReply(STATUS_OF[code ?? ''] ?? STATUS.failure, words)
}

/** `no space left on device` by `ENOSPC`; without the path, which the client sent itself. */
const WORDS = new Map([...getSystemErrorMap().values()])

/** As OpenSSH's server has it (errno_to_portable), which clients are used to. */
const STATUS_OF: Readonly<Record<string, Status>> = {
  ENOENT: STATUS.noSuchFile,
  ENOTDIR: STATUS.noSuchFile,
  EBADF: STATUS.noSuchFile,
  ELOOP: STATUS.noSuchFile,
  EPERM: STATUS.permissionDenied,
  EACCES: STATUS.permissionDenied,
  ENAMETOOLONG: STATUS.badMessage,
  EINVAL: STATUS.badMessage,
  ENOSYS: STATUS.unsupported,
}
