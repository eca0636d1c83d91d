import {html, type WebPage, webPage} from '../core/web-page.ts'

const page = (title: string, words: string): WebPage =>
  webPage({title, main: html`<h1>${title}</h1>\n<p class="quiet">${words}</p>`})

export const RECEIVED = page(
  'The login has arrived',
  'It is checked now, and the terminal tells the rest. You can close this page.',
)
export const DENIED = page('Denied', 'The terminal was told so, and nothing was changed. You can close this page.')
export const ANSWERED = page(
  'This login is over',
  'It was answered already, and an answer counts once. To log in again, start again: runcode login',
)

/** What is not the answer that we wait for, in words that repeat nothing of it. */
export const refused = (why: string): WebPage => page('This does not work', why)
