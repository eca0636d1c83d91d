import {printAsciiOnly} from '../core/printable.ts'

/** Whether what reads us says that it takes bytes for something else than UTF-8 (locale(7)); where it says nothing, it does not. */
export const isOtherThanUtf8 = ({LC_ALL, LC_CTYPE, LANG}: NodeJS.ProcessEnv): boolean => {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  return locale !== undefined && !/utf-?8/i.test(locale)
}

/** Prints ASCII only, from now on, where this is a terminal that takes other bytes for other characters. */
export const printFor = ({isTTY}: NodeJS.WriteStream): void => {
  if (isTTY && isOtherThanUtf8(process.env)) printAsciiOnly()
}
