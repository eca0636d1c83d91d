import {encodeLine} from './encode-line.ts'
import {quotePosix} from './quote-posix.ts'

/** The login shell of the far side's account, in the words of sh. */
export const SHELL = `\${SHELL:-/bin/sh}`

/**
 * A program run by the login shell of the account as a login shell. Its files have the null device for stdin, and what they
 * print goes to stderr; the program finds the three streams as they were. The csh family takes -l alone only, and closes
 * what is open beside the three, so its files are read by name and print into nothing.
 */
export const inLoginShell = (program: string): string => {
  const line = encodeLine(`exec <&4 >&5 2>&6 4<&- 5>&- 6>&-\n${program}`)
  const files = ['/etc/csh.login', '~/.login'].map((file) => `if (-r ${file}) source ${file} </dev/null >&/dev/null; `)
  return [
    `case ${SHELL} in`,
    `*csh) exec "$SHELL" -f -c ${quotePosix(files.join(''))}${quotePosix(encodeLine(program))};;`,
    'esac',
    // On the command itself: ksh closes what an exec without one has opened.
    `exec "${SHELL}" -l -c ${quotePosix(line)} 4<&0 5>&1 6>&2 </dev/null >&2`,
  ].join('\n')
}
