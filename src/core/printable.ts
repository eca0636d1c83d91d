/**
 * Characters that move a cursor, hide themselves or break a line: control, format (bidi included), surrogate, line and
 * paragraph separator, and those that show nothing (Default_Ignorable_Code_Point of UAX #44) but for the two selectors of
 * emoji. Of marks on one letter the first six count; more of them would paint over the lines around.
 */
const unprintable = (): RegExp =>
  // Not made before it is needed: that takes Node a millisecond.
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\u{fe0e}\u{fe0f}])\p{Default_Ignorable_Code_Point}|(?<=\p{M}{6})\p{M}/gu

let isAscii = false

/** For screens that take bytes for other characters: a byte of a letter in UTF-8 may be a control character there (ECMA-48, C1). */
export const printAsciiOnly = (): void => {
  isAscii = true
}

/**
 * Text that stays where it is put: each such character becomes U+FFFD, and where only ASCII is printed each that is none a
 * question mark. For all from outside that goes to a screen or a log.
 */
export const printable = (text: string): string =>
  isAscii ? text.replaceAll(/[^ -~]/gu, '?') : text.replaceAll(unprintable(), '\u{FFFD}')

/** The same for a text of several lines; the line ends stay. */
export const printableLines = (text: string): string => text.split(/\r?\n/u).map(printable).join('\n')
