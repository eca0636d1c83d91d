const BEGINNING_BYTES = 1024

/**
 * The words that go before the path of a program, as execve(2) of Linux reads them from its first line; read by us, so that
 * it runs from a file system without the right to execute as well. None for a program that is no text, sh for the rest.
 */
export const interpreterOf = (program: Buffer): readonly string[] => {
  const beginning = program.subarray(0, BEGINNING_BYTES).toString('utf8')
  const [, interpreter, argument] =
    /^#![ \t]*([^ \t\n\0]+)(?:[ \t]+([^\n\0]*[^ \t\n\0]))?[ \t]*(?:\n|$)/.exec(beginning) ?? []
  if (interpreter !== undefined) return argument === undefined ? [interpreter] : [interpreter, argument]
  return program.includes(0) ? [] : ['sh']
}
