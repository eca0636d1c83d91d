const DANGEROUS = new Set([
  'proxycommand',
  'proxyjump',
  'localcommand',
  'permitlocalcommand',
  'knownhostscommand',
  'include',
])

/**
 * The first directive in an ssh_config text that could run a program or pull in another file, or undefined. The text is
 * never given to ssh: a server that sends such a thing is refused as a whole. Keywords as ssh reads them: any case,
 * quoted or not, followed by blanks or `=` (ssh_config(5)).
 */
export function dangerousDirective(text: string): string | undefined {
  for (const line of text.split(/[\r\n]+/)) {
    const [, quoted, plain, rest = ''] = /^[\s\f]*(?:"([^"]*)"|([^\s="#]+))(.*)$/s.exec(line) ?? []
    const keyword = (quoted ?? plain ?? '').toLowerCase()
    if (DANGEROUS.has(keyword)) return keyword
    if (keyword === 'match' && /\bexec\b/i.test(rest)) return 'match exec'
  }
  return undefined
}
