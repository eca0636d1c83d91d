import {existsSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type BrowserContext, chromium} from 'playwright-core'

const PROGRAM = '/usr/bin/chromium'

/** Why there is no browser to test with, or undefined where there is one. */
export const whyNoChromium = (): string | undefined => (existsSync(PROGRAM) ? undefined : `no chromium (${PROGRAM})`)

export interface RealBrowser {
  readonly context: BrowserContext
  close(): Promise<void>
}

/** A real browser with nothing in it, without scripts where a page must not need any. */
export async function startChromium(): Promise<RealBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'rc-chromium-'))
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: PROGRAM,
    headless: true,
    javaScriptEnabled: false,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  context.setDefaultTimeout(10_000)
  return {
    context,
    close: async () => {
      await context.close()
      rmSync(folder, {recursive: true, force: true, maxRetries: 5})
    },
  }
}
