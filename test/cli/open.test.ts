import assert from 'node:assert/strict'
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {badDays} from '../support/bad-day.ts'
import type {Run} from '../support/runcode.ts'
import {until} from '../support/until.ts'

const ADDRESS = 'https://calm-reed.ws.example.com/'

describe('open', function () {
  this.timeout(30_000)
  const {home, answerMint, start} = badDays()
  const seen = join(home.path, 'seen')
  const browser = join(home.path, 'browser')
  const NOBODY = {DISPLAY: '', WAYLAND_DISPLAY: '', SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22'}

  const open = (env: Readonly<Record<string, string>>, ...flags: string[]): Promise<Run> => {
    answerMint({web_url: ADDRESS})
    return start({args: ['open', 'calm-reed', '--profile=fake', ...flags], env})
  }
  const shown = (): string => (existsSync(seen) ? readFileSync(seen, 'utf8') : '')

  before(function () {
    if (process.platform !== 'linux') this.skip()
    // It notes what it is to show, and whether it was given a token.
    writeFileSync(browser, `#!/bin/sh\necho "$1 $RUNCODE_TOKEN" >> "${seen}"\n`, {mode: 0o755})
  })
  beforeEach(() => rmSync(seen, {force: true}))

  it('shows the address, and opens it in the browser that was named, which gets no token', async () => {
    const {status, stdout, stderr} = await open({...NOBODY, BROWSER: browser, RUNCODE_TOKEN: 'rc_not-for-browsers'})
    assert.deepEqual([status, stdout], [0, `${ADDRESS}\n`], stderr)
    await until(
      () => shown() !== '',
      () => 'No browser was started.',
    )
    assert.equal(shown(), `${ADDRESS} \n`)
  })

  it('starts no browser where nobody sits in front of one, and says so', async () => {
    const {status, stdout, stderr} = await open(NOBODY)
    assert.deepEqual([status, stdout], [0, `${ADDRESS}\n`])
    assert.match(stderr, /This is an SSH session, so no browser is started\.\n$/)
  })

  for (const flag of ['--print', '--json'])
    it(`starts none with ${flag}`, async () => {
      const {status, stdout} = await open({...NOBODY, BROWSER: browser}, flag)
      assert.equal(status, 0)
      assert.ok(stdout.includes(ADDRESS))
      // For one that was started to be seen.
      await new Promise((resolve) => setTimeout(resolve, 500))
      assert.equal(shown(), '')
    })
})
