/** What runs a program, loads a library or reads another file. */
const DANGEROUS = new Set([
  'proxycommand',
  'proxyjump',
  'localcommand',
  'permitlocalcommand',
  'knownhostscommand',
  'include',
  'pkcs11provider',
  'smartcarddevice',
  'securitykeyprovider',
  'xauthlocation',
])

/**
 * The first directive in an ssh_config text that could run a program or pull in another file, or undefined. The text is
 * never given to ssh: a server that sends such a thing is refused as a whole. Keywords as ssh reads them, and a little
 * more: any case, behind an `=` or an empty pair of quotes, with quotes around or inside.
 */
export function dangerousDirective(text: string): string | undefined {
  for (const line of text.split(/[\r\n\0]+/)) {
    for (const quote of ['', ' ']) {
      const [keyword = '', ...rest] = line
        .toLowerCase()
        .replaceAll('"', quote)
        .split(/[\s=]+/)
        .filter((word) => word !== '')
      if (DANGEROUS.has(keyword)) return keyword
      if (keyword === 'match' && rest.some((word) => /\bexec\b/.test(word))) return 'match exec'
    }
  }
  return undefined
}
