/**
 * Characters that move a cursor, hide themselves or break a line: control, format (bidi included), surrogate, line and
 * paragraph separator, and those that show nothing (Default_Ignorable_Code_Point of UAX #44) but for the two selectors of
 * emoji. Of marks on one letter the first six count; more of them would paint over the lines around.
 */
const unprintable = (): RegExp =>
  // Not made before it is needed: that takes Node a millisecond.
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\u{fe0e}\u{fe0f}])\p{Default_Ignorable_Code_Point}|(?<=\p{M}{6})\p{M}/gu

/** Text that stays where it is put: each such character becomes U+FFFD. For all from outside that goes to a screen or a log. */
export const printable = (text: string): string => text.replaceAll(unprintable(), '\u{FFFD}')

/** The same for a text of several lines; the line ends stay. */
export const printableLines = (text: string): string => text.split(/\r?\n/u).map(printable).join('\n')
