import assert from 'node:assert/strict'
import {once} from 'node:events'
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Forwarding, startShouter, watchForwarding} from '../support/forwarding.ts'
import {runcode, startRuncode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'
import {until} from '../support/until.ts'

describe('port-forward --open', function () {
  this.timeout(60_000)
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  const seen = join(home.path, 'seen')
  const browser = join(home.path, 'browser')
  /** Who has named a browser: a program of ours that notes what it is to show, and whether it was given a token. */
  const named = {...home.env, BROWSER: browser}
  const bare = {...home.env}
  for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY', 'BROWSER'])
    delete bare[name]
  /** A desktop whose `gio open`, which xdg-open(1) turns to there, is that program. */
  const DESKTOP = {PATH: `${home.path}:${home.env['PATH']}`, DISPLAY: ':99', XDG_CURRENT_DESKTOP: 'GNOME'}
  let service: Awaited<ReturnType<typeof startShouter>>

  const run = async (env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> => {
    const {status, stdout, stderr} = await runcode(args, {env, cwd: tree})
    assert.equal(status, 0, `${stdout}${stderr}`)
    return stdout
  }
  const forward = (env: Readonly<Record<string, string>>, ...ports: string[]): Forwarding =>
    watchForwarding(startRuncode(['port-forward', '--json', '--open', ...ports], {env, cwd: tree}))
  const shown = (): string => (existsSync(seen) ? readFileSync(seen, 'utf8') : '')
  const untilShown = (): Promise<void> =>
    until(
      () => shown() !== '',
      () => 'No browser was started.',
    )

  before(async function () {
    if (process.platform !== 'linux') this.skip()
    mkdirSync(tree)
    writeFileSync(browser, `#!/bin/sh\necho "$1 $RUNCODE_TOKEN" >> "${seen}"\n`, {mode: 0o755})
    writeFileSync(join(home.path, 'gio'), `#!/bin/sh\n[ "$1" = open ] || exit 0; echo "$2" >> "${seen}"\n`, {
      mode: 0o755,
    })
    service = await startShouter()
    await run(home.env, 'server', 'up')
    await run(home.env, 'server', 'workspace', 'create', 'box')
    await run(home.env, 'connect', 'box', '--start', '--wait')
  })
  beforeEach(() => rmSync(seen, {force: true}))
  after(async () => {
    service?.close()
    await run(home.env, 'server', 'down', '--purge')
    home.remove()
  })

  it('opens the first port that is ready, once, and not one that cannot be had', async () => {
    const {heard, end} = forward(named, String(service.port), `0:${service.port}`, `0:${service.port}`)
    await heard('ready', 2)
    assert.equal((await heard('failed'))['local'], service.port)
    await untilShown()
    assert.equal(await end('SIGINT'), 0)
    assert.match(shown(), /^http:\/\/localhost:\d+\/ \n$/)
    assert.ok(!shown().includes(`:${service.port}/`))
  })

  it('opens it in the background as well, once, and gives the browser no token', async () => {
    const env = {...named, RUNCODE_TOKEN: 'rc_not-of-this-server'}
    const words = ['port-forward', '--background', '--open', '--json', `0:${service.port}`]
    const {forwards} = JSON.parse(await run(env, ...words)) as {forwards: [{local: number}]}
    await untilShown()
    await run(home.env, 'port-forward', '--cancel', '--all')
    assert.equal(shown(), `http://localhost:${forwards[0].local}/ \n`)
  })

  it('opens it on a desktop', async () => {
    const {heard, end} = forward({...bare, ...DESKTOP}, `0:${service.port}`)
    const {local} = await heard('ready')
    await untilShown()
    assert.equal(await end('SIGINT'), 0)
    assert.equal(shown(), `http://localhost:${local}/\n`)
  })

  for (const [what, env, words] of [
    ['in an SSH session', {...DESKTOP, SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22'}, /This is an SSH session/],
    ['without a display', {}, /There is no display|This is a container/],
  ] as const) {
    it(`opens none ${what}, says how to come here, and goes on`, async () => {
      const options = {env: {...bare, PATH: DESKTOP.PATH, ...env}, cwd: tree}
      const child = startRuncode(['port-forward', '--open', `0:${service.port}`], options)
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk))
      await until(
        () => words.test(said),
        () => said,
      )
      const [, local] = /localhost:(\d+) to/.exec(said) ?? []
      assert.match(said, new RegExp(`ssh -L ${local}:localhost:${local} |needs port ${local} of it`))
      // For one that was started to be seen.
      await new Promise((resolve) => setTimeout(resolve, 700))
      assert.equal(shown(), '')
      child.kill('SIGINT')
      assert.deepEqual(await once(child, 'close'), [0, null])
    })
  }

  it('goes on where the browser cannot be started', async () => {
    const {heard, end} = forward({...named, BROWSER: '/nowhere'}, `0:${service.port}`)
    await heard('ready')
    assert.equal(await end('SIGINT'), 0)
  })
})
