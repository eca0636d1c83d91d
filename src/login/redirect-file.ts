import {randomBytes} from 'node:crypto'
import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {makePrivateFolder, removeWhole, writeWhole} from '../core/files.ts'
import {html, webPage} from '../core/web-page.ts'

const OLD_MS = 600_000
const NAME = /^login-[0-9a-f]{24}\.html$/

/**
 * A page of our own (0600, in a folder of ours) that leads a browser to an address which no other user may see: what a
 * program is started with, they all see. Gives its path. Throws FileError.
 */
export async function writeRedirect(folder: string, address: string, now: Date): Promise<string> {
  await makePrivateFolder(folder)
  await removeOld(folder, now)
  const main = html`<h1>Opening the login page</h1>\n<p><a href="${address}">Open it</a></p>`
  const path = join(folder, `login-${randomBytes(12).toString('hex')}.html`)
  await writeWhole(path, webPage({title: 'Opening the login page', main, goOnTo: address}).text)
  return path
}

/** Of logins that were killed. */
const removeOld = async (folder: string, now: Date): Promise<void> => {
  for (const name of (await readdir(folder)).filter((one) => NAME.test(one))) {
    const path = join(folder, name)
    const {mtimeMs} = await stat(path).catch(() => ({mtimeMs: now.getTime()}))
    if (now.getTime() - mtimeMs > OLD_MS) await removeWhole(path)
  }
}
