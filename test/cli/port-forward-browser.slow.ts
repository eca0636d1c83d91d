import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Browser, chromium} from 'playwright-core'
import {createServer, type ViteDevServer} from 'vite'
import {type Forwarding, watchForwarding} from '../support/forwarding.ts'
import {runcode, startRuncode} from '../support/runcode.ts'
import {skip} from '../support/skip.ts'
import {temporaryHome} from '../support/temporary-home.ts'

const CHROMIUM = '/usr/bin/chromium'

describe('a dev server with hot reload, in a browser, through port-forward', function () {
  this.timeout(120_000)
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  const app = join(home.path, 'app')
  const place = {env: home.env, cwd: tree}
  let vite: ViteDevServer | undefined
  let browser: Browser | undefined
  let forwarding: Forwarding | undefined

  const succeed = async (...args: string[]): Promise<void> => {
    const {status, stdout, stderr} = await runcode(args, place)
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  }
  /** The page shows the word without being loaded again; where it is loaded again it has no memory. */
  const show = (word: string): void =>
    writeFileSync(
      join(app, 'main.js'),
      `document.querySelector('p').textContent = '${word}'\nimport.meta.hot.accept(() => undefined)\n`,
    )

  before(async function () {
    if (!existsSync(CHROMIUM)) skip(this, `no ${CHROMIUM}`)
    mkdirSync(tree)
    mkdirSync(app)
    writeFileSync(join(app, 'index.html'), '<p></p><script type="module" src="/main.js"></script>')
    show('first')
    vite = await createServer({
      ...{root: app, configFile: false, logLevel: 'silent', cacheDir: join(home.path, 'vite')},
      server: {host: 'localhost', port: 0, watch: {usePolling: true, interval: 50}},
    })
    await vite.listen()
    await succeed('server', 'up')
    await succeed('server', 'workspace', 'create', 'box')
    await succeed('connect', 'box', '--start', '--wait')
  })
  after(async () => {
    await browser?.close()
    await forwarding?.end('SIGINT')
    await vite?.close()
    await runcode(['server', 'down', '--purge'], place)
    home.remove()
  })

  it('reloads hot, and does again after the gateway was killed and started', async () => {
    const {port} = (vite?.httpServer?.address() ?? {}) as {port?: number}
    forwarding = watchForwarding(startRuncode(['port-forward', '--json', `0:${port}`], place))
    const {local} = await forwarding.heard('ready')
    browser = await chromium.launch({executablePath: CHROMIUM, args: QUIET})
    const page = await browser.newPage()
    const shows = (word: string): Promise<unknown> => page.waitForSelector(`p:text-is("${word}")`, {timeout: 30_000})
    const connected = page.waitForEvent('console', {predicate: (message) => /\[vite\] connected/.test(message.text())})
    await page.goto(`http://localhost:${local}/`)
    await shows('first')
    await connected
    await page.evaluate('window.memory = "kept"')
    show('second')
    await shows('second')
    assert.equal(await page.evaluate('window.memory'), 'kept')

    const {pid} = JSON.parse(readFileSync(join(home.path, '.local/state/runcode/cli/server/server.json'), 'utf8')) as {
      pid: number
    }
    const back = page.waitForEvent('load', {timeout: 60_000})
    process.kill(pid, 'SIGKILL')
    await forwarding.heard('lost')
    await succeed('server', 'up')
    // The page asks for its server again and again, and is loaded anew when that answers.
    await back
    await shows('second')
    assert.equal(await page.evaluate('window.memory'), undefined)
    await page.evaluate('window.memory = "kept again"')
    show('third')
    await shows('third')
    assert.equal(await page.evaluate('window.memory'), 'kept again')
    assert.deepEqual(
      forwarding.events.map(({event}) => event),
      ['ready', 'lost', 'restored'],
    )
  })
})

const QUIET = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]
