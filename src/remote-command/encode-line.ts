/**
 * A POSIX sh program as one line that every login shell (sh, dash, bash, zsh, ksh, fish, tcsh) hands on unchanged:
 * sshd gives the line to the login shell of the account, whose quoting may be another one. Each byte that is not plain
 * becomes `\0ooo` inside single quotes, printf %b turns it back (XCU printf), eval runs it.
 */
export const encodeLine = (program: string): string => `exec sh -c 'eval "\`printf %b "$1"\`"' sh '${encode(program)}'`

const encode = (program: string): string =>
  Buffer.from(program, 'utf8')
    .toString('latin1')
    .replaceAll(/[^A-Za-z0-9 _./:=,@%+-]/g, (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)
