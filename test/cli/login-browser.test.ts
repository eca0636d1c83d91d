import assert from 'node:assert/strict'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import type {Page} from 'playwright-core'
import {listenForCallback} from '../../src/login/callback.ts'
import {writeRedirect} from '../../src/login/redirect-file.ts'
import {type RealBrowser, startChromium, whyNoChromium} from '../support/chromium.ts'
import {type Run, runcode, startRuncode} from '../support/runcode.ts'
import {skip} from '../support/skip.ts'
import {temporaryHome} from '../support/temporary-home.ts'
import {until} from '../support/until.ts'

/** The whole way, in a real browser: our program, our server's page, and who would like to come between them. */
describe('login in a real browser', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  const options = {env: home.env, cwd: home.path}
  let browser: RealBrowser
  let webBase: string

  before(async function () {
    const why = whyNoChromium()
    if (why !== undefined) skip(this, why)
    browser = await startChromium()
    const {status, stderr} = await runcode(['server', 'up'], options)
    assert.equal(status, 0, stderr)
    webBase = JSON.parse((await runcode(['server', 'status', '--json'], options)).stdout).web_base
  })
  after(async () => {
    await browser?.close()
    await runcode(['server', 'down', '--purge'], options)
    home.remove()
  })
  afterEach(async () => {
    for (const page of browser.context.pages().slice(1)) await page.close()
  })

  /** A login of our program, up to the address that it shows. */
  const begin = async (): Promise<{address: string; ended: Promise<Run>}> => {
    const child = startRuncode(['login', '--no-browser', '--store', 'file', '--json', '--force'], options)
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk) => (stdout += chunk))
    child.stderr?.on('data', (chunk) => (stderr += chunk))
    const ended = new Promise<Run>((resolve) =>
      child.on('close', (status) => resolve({status, stdout, stderr, bytes: Buffer.of()})),
    )
    const address = (): string | undefined => /^http:\S+$/m.exec(stderr)?.[0]
    await until(
      () => address() !== undefined,
      () => stderr,
    )
    return {address: address() ?? '', ended}
  }
  const open = async (address: string): Promise<Page> => {
    const page = await browser.context.newPage()
    await page.goto(address)
    return page
  }
  const press = (page: Page, name: string): Promise<void> => page.getByRole('button', {name}).click()
  const title = (page: Page): Promise<string | null> => page.getByRole('heading', {level: 1}).textContent()
  const codeOf = async (ended: Promise<Run>): Promise<unknown> => JSON.parse((await ended).stdout).error
  const tokenCount = async (): Promise<number> =>
    JSON.parse((await runcode(['server', 'token', 'list', '--json'], options)).stdout).tokens.length

  it('approves: the token arrives, works, and is in no address that stays', async () => {
    const {address, ended} = await begin()
    const page = await open(address)
    assert.equal(await title(page), 'Let runcode use your workspaces?')
    await press(page, 'Approve')
    await page.waitForURL(/\/done$/)
    assert.equal(await title(page), 'The login has arrived')
    assert.equal((await ended).status, 0)
    assert.match(JSON.parse((await ended).stdout).account, /@/)
    assert.equal((await runcode(['list'], options)).status, 0)
    // Back leads to what was the question; nothing of it was kept.
    await page.goBack()
    assert.equal(await title(page), 'This login is over')
  })

  it('is used with the keyboard alone, and by who hears it', async () => {
    const {address, ended} = await begin()
    const page = await open(address)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    assert.equal(await page.getByRole('button', {name: 'Deny'}).evaluate((it) => it.matches(':focus-visible')), true)
    assert.equal(await page.getByRole('main').count(), 1)
    assert.equal(await page.locator('html').getAttribute('lang'), 'en')
    assert.deepEqual(await page.getByRole('term').count(), await page.getByRole('definition').count())
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/done$/)
    assert.equal(await title(page), 'Denied')
    assert.equal(await codeOf(ended), 'login_denied')
  })

  it('gives one answer, of two tabs', async () => {
    const {address, ended} = await begin()
    const [first, second] = [await open(address), await open(address)]
    await press(second, 'Approve')
    await second.waitForURL(/\/done$/)
    await press(first, 'Approve')
    assert.equal(await title(first), 'This login is over')
    assert.equal((await ended).status, 0)
  })

  it('of another client waits for the code to be confirmed', async () => {
    const callback = await listenForCallback()
    const page = await open(`${webBase}/auth/cli-login/?port=${callback.port}&state=${callback.state}`)
    assert.equal(await title(page), 'Is this login yours?')
    await press(page, 'Continue')
    assert.match((await page.getByRole('alert').textContent()) ?? '', /Not confirmed yet/)
    const [, code = ''] = /approve (\d{6})/.exec((await page.locator('pre').textContent()) ?? '') ?? []
    const wrong = await runcode(['server', 'approve', code === '000000' ? '000001' : '000000', '--json'], options)
    assert.deepEqual([wrong.status, JSON.parse(wrong.stdout).error], [2, 'not_found'])
    const {stdout} = await runcode(['server', 'approve', code], options)
    assert.equal(stdout, 'Confirmed. Now continue in the browser.\n')
    await press(page, 'Continue')
    await page.waitForURL(/\/done$/)
    assert.equal((await callback.answer).kind, 'token')
    await callback.close()
  })

  it('fits a narrow screen, and breaks no command', async () => {
    const page = await open(`${webBase}/auth/cli-login/?port=43210&state=0123456789abcdef`)
    await page.setViewportSize({width: 360, height: 740})
    for (const part of ['html', 'pre'])
      assert.equal(await page.locator(part).evaluate((it) => it.scrollWidth <= it.clientWidth), true, part)
    for (const command of await page.locator('code').all())
      assert.equal(await command.evaluate((it) => it.getClientRects().length), 1)
  })

  it('shows a wrong state, and goes on: the right one still arrives', async () => {
    const {address, ended} = await begin()
    const port = new URL(address).searchParams.get('port')
    const page = await open(`http://127.0.0.1:${port}/callback?state=wrong&token=rc_evil`)
    assert.equal(await title(page), 'This does not work')
    const right = await open(address)
    await press(right, 'Approve')
    assert.equal((await ended).status, 0)
  })

  it('follows the file that a browser is started with', async () => {
    const {address, ended} = await begin()
    const page = await open(`file://${await writeRedirect(`${home.path}/redirect`, address, new Date())}`)
    await page.waitForURL(/auth\/cli-login/)
    // The cookie is Strict, and the page was reached from elsewhere; its own form is not from elsewhere.
    await page.reload()
    await press(page, 'Approve')
    assert.equal((await ended).status, 0)
  })

  describe('and a page of somebody else', () => {
    let evil: Server
    let markup = ''
    before(async () => {
      evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end(markup))
      await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
    })
    after(() => evil.close())
    const evilPage = async (html: string): Promise<Page> => {
      markup = html
      return open(`http://localhost:${(evil.address() as AddressInfo).port}/`)
    }
    const hidden = async (page: Page, name: string): Promise<string> =>
      (await page.locator(`input[name=${name}]`).getAttribute('value')) ?? ''

    it('cannot put the question into a frame', async () => {
      const {address, ended} = await begin()
      const page = await evilPage(`<iframe src="${address.replaceAll('&', '&amp;')}"></iframe>`)
      await until(
        () => page.frames().length > 1,
        () => 'no frame',
      )
      await page.waitForLoadState()
      assert.equal(await page.frameLocator('iframe').getByRole('button').count(), 0)
      await press(await open(address), 'Deny')
      await ended
    })

    it('cannot answer it, though it were to know the form and the browser has the cookie', async () => {
      const {address, ended} = await begin()
      const page = await open(address)
      const before = await tokenCount()
      const fields = [`<input name=id value="${await hidden(page, 'id')}">`]
      fields.push(
        `<input name=form_secret value="${await hidden(page, 'form_secret')}"><input name=answer value=approve>`,
      )
      const forged = await evilPage(
        `<form method=post action="${webBase}/auth/cli-login/">${fields.join('')}<button>Go</button></form>`,
      )
      await press(forged, 'Go')
      assert.equal(await title(forged), 'This does not work')
      assert.equal(await tokenCount(), before)
      await press(page, 'Deny')
      assert.equal(await codeOf(ended), 'login_denied')
    })

    it('cannot be the server by a name of its own (DNS rebinding)', async () => {
      const page = await open(
        `http://127.0.0.1:${new URL(webBase).port}/auth/cli-login/?port=4000&state=0123456789abcdef`,
      )
      assert.equal(await title(page), 'This does not work')
    })
  })
})
