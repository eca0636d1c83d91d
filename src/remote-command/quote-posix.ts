/** One word for a POSIX shell, whatever is in it (XCU 2.2.2). The empty word is `''`. */
export const quotePosix = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`
