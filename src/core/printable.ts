/**
 * Text that cannot move a cursor, hide itself or break a line: control, format (bidi included), surrogate, line and
 * paragraph separator characters each become U+FFFD. For everything from outside that goes to a screen or a log.
 */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')

/** The same for a text of several lines; the line ends stay. */
export const printableLines = (text: string): string => text.split(/\r?\n/u).map(printable).join('\n')
