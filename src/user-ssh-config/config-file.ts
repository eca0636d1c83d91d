import {userInfo} from 'node:os'
import {join, resolve} from 'node:path'

/** The file that ssh reads for the user who lives in `home`. */
export const defaultConfigFile = (home: string): string => join(home, '.ssh', 'config')

/** Our own file for those who include one line of ours: it stays where it is. */
export const includedFile = (config: string): string => join(config, 'ssh_config')

/**
 * A word where ssh does not read that file: it goes by the home of the password database (ssh(1), FILES), not by HOME.
 */
export function describeOtherHome(home: string): string | undefined {
  const real = homeOfUser()
  return real === undefined || real === home
    ? undefined
    : `HOME is ${home}, but ssh reads ${defaultConfigFile(real)}; give it the other file by "ssh -F".`
}

/** The file that a word of an `Include` names, where it is no pattern (ssh_config(5)); `~` is HOME to it (glob(3)). */
export const includedBy = (word: string, home: string): string => resolve(home, '.ssh', word.replace(/^~(?=\/)/, home))

/** A container may run as a user that the system knows nothing of. */
const homeOfUser = (): string | undefined => {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}
