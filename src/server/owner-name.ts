import {hostname, userInfo} from 'node:os'

/** Whose server this is, in words for a person: `user@host`. */
export function ownerName(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    // In a container our uid may have no name.
    return `user ${process.getuid?.()}@${hostname()}`
  }
}
