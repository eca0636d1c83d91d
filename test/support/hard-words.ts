import fc from 'fast-check'

/** Words that a shell would like to understand. */
export const HARD_WORDS: readonly string[] = [
  ...['', ' ', "'", '"', '\\', "\\'", '$HOME', '$(id)', '`id`', '!', '!!', '*', '?', '[a]', '{a,b}', '~', '#', '%s'],
  ...['%%', '-n', '-', '--', '-e', '\n', 'a\nb\n', '\t', '\r', '\u0001', '\u007f', '\u001e', '&', ';', '|', '<', '>'],
  ...['(', ')', '=', 'a=b', '\\0101', '0', '7\\n', '\\c', 'ünïcödé', '日本', '🙂', '\u{10FFFD}', 'a'.repeat(500)],
]

/** Any text of all planes without a zero byte; what is no UTF-8 is refused before. */
export const hardWord: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HARD_WORDS),
  fc.string({unit: 'binary'}).map((text) => text.replaceAll(/[\0\u{FFFD}\p{Cs}]/gu, '')),
)
