import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {createSocket} from 'node:dgram'
import {once} from 'node:events'
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {forgetManagedPass} from '../../src/session/managed-session.ts'
import {type ManagedStage, startManagedStage, type Way} from '../support/managed-stage.ts'
import {startRawServer} from '../support/raw-server.ts'
import {skip} from '../support/skip.ts'
import {isSoak} from '../support/soak.ts'
import {needSshd} from '../support/sshd-workspace.ts'
import {until} from '../support/until.ts'

const WAYS: readonly Way[] = ['handed over', 'relayed']
const HOST = 'runcode.calm-reed'

/** One asks, the other waits for it. */
const NO_ANSWER =
  /^runcode: (?:Could not reach https:\/\/localhost:\d+: it gave no whole answer in time|Another runcode \(process \d+\) is still at work here)\. /

describe('a proxy, whatever happens', function () {
  this.timeout(900_000)
  let stage: ManagedStage
  const undos: (() => unknown)[] = []

  before(function () {
    needSshd(this)
  })
  beforeEach(async () => {
    stage = await startStage()
  })
  afterEach(async () => {
    for (const undo of undos.splice(0).toReversed()) await undo()
  })

  const startStage = async (): Promise<ManagedStage> => {
    const started = (await startManagedStage()) as ManagedStage
    undos.push(() => started.stop())
    return started
  }

  const noneIsLeft = (on = stage): Promise<void> =>
    until(
      () => on.proxies().length === 0,
      () => on.proxies().join('\n').replaceAll('\0', ' '),
      40_000,
    )
  const silentPort = async (): Promise<number> => {
    const server = await startRawServer(() => undefined)
    undos.push(server.close)
    return server.port
  }
  const edit = (on: ManagedStage, name: string, from: string | RegExp, to: string): void => {
    const file = join(on.home, '.config/runcode/cli', name)
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  }

  /** Where nobody answers, with what is said of it. Gives how ssh is started where it is not as always. */
  const SILENT: readonly {
    readonly where: string
    readonly line: RegExp
    readonly runs: number
    prepare(on: ManagedStage): unknown | Promise<ManagedStage['ssh']>
  }[] = [
    {
      where: 'the control plane takes a request',
      line: NO_ANSWER,
      runs: 1,
      prepare: (on) => Object.assign(on, {refuse: () => new Promise(() => undefined)}),
    },
    {
      where: 'the control plane takes a connection',
      line: NO_ANSWER,
      runs: 1,
      prepare: async (on) => {
        const base = `https://localhost:${await silentPort()}`
        for (const name of ['profiles.json', 'credentials.json']) edit(on, name, /https:\/\/localhost:\d+/g, base)
      },
    },
    {
      where: 'the HTTP proxy',
      line: /^runcode: Could not connect to the gateway 127\.0\.0\.1: the proxy \S+ gave no answer to CONNECT\. /,
      runs: 2,
      prepare: async (on) => {
        const proxy = `"ssh_proxy": "http://127.0.0.1:${await silentPort()}", "provider"`
        edit(on, 'profiles.json', '"provider"', proxy)
      },
    },
    {
      where: 'who resolves names',
      line: /^runcode: Could not connect to the gateway gateway\.example\.test: it did not answer in time\. /,
      runs: 2,
      prepare: async (on) => {
        const silent = createSocket('udp4')
        undos.push(() => silent.close())
        silent.bind(53, '127.77.77.77')
        await once(silent, 'listening')
        const file = join(on.home, 'resolv.conf')
        writeFileSync(file, 'nameserver 127.77.77.77\noptions timeout:20 attempts:2\n')
        on.refuse = () => on.minted({host: 'gateway.example.test'})
        const mounted = ['--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', file]
        return (args: readonly string[], {way = 'relayed'}: {way?: Way} = {}) =>
          on.tool('unshare', [...mounted, 'ssh', '-F', on.config(way), ...args])
      },
    },
  ]

  it('ends in time and with one line where nobody answers, with a new pass and with one at hand', async function () {
    const isRoot = process.getuid?.() === 0
    if (!isRoot || spawnSync('unshare', ['--mount', 'true']).status !== 0)
      skip(this, 'only root can give itself another resolv.conf, on Linux')
    const works = SILENT.map(async ({where, line, runs, prepare}) => {
      const on = await startStage()
      const prepared = await prepare(on)
      const ssh = typeof prepared === 'function' ? (prepared as ManagedStage['ssh']) : on.ssh
      for (let run = 0; run < runs; run += 1) {
        const start = performance.now()
        const ends = await Promise.all(WAYS.map((way) => ssh([HOST, 'true'], {way})))
        const tookMs = performance.now() - start
        for (const {status, stderr} of ends) {
          const lines = stderr.trimEnd().split(/\r?\n/)
          assert.deepEqual([status, lines.length], [255, 3], `${where}: ${stderr}`)
          assert.match(lines[0] ?? '', line)
          assert.equal(lines[2], lines[0])
        }
        // The limit is 12 s; eight programs of Node start and end at the same time here.
        assert.ok(tookMs > 11_000 && tookMs < 20_000, `${where}: ${tookMs} ms`)
        await noneIsLeft(on)
      }
      assert.ok(on.mints() <= 1, `${where}: ${on.mints()} passes`)
    })
    await Promise.all(works)
  })

  it('ends with its ssh where the gateway takes the connection and says nothing', async () => {
    const port = await silentPort()
    stage.refuse = () => stage.minted({port})
    for (const way of WAYS) {
      const {status, stderr} = await stage.ssh(['-o', 'ConnectTimeout=2', HOST, 'true'], {way})
      assert.equal(status, 255)
      assert.match(stderr, /^Connection timed out during banner exchange/)
    }
    await noneIsLeft()
  })

  it('ends with its ssh that was killed, while a pass is taken and while it waits for one', async () => {
    const count = isSoak ? 300 : 30
    for (let left = count; left > 0; left -= 30) {
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const asked = stage.mints()
      stage.refuse = async () => {
        await held
        return {status: 503, body: {}}
      }
      const clients = [stage.startSsh([HOST, 'true'], 'relayed')]
      try {
        await until(
          () => stage.mints() > asked,
          () => 'nobody asks for a pass',
        )
        // Some are still starting when they are killed, most wait for the one that asks.
        for (let at = 1; at < 30; at += 1) clients.push(stage.startSsh([HOST, 'true'], WAYS[at % 2] ?? 'relayed'))
        await until(
          () => stage.proxies().length > 20,
          () => 'there are not many',
          60_000,
        )
      } finally {
        for (const client of clients) client.kill('SIGKILL')
      }
      await noneIsLeft()
      // None has waited for its own limit.
      assert.doesNotMatch(stage.logs(), /no whole answer|still at work/)
      release()
    }
    const folder = readdirSync(stage.host.folder)
    assert.deepEqual(
      folder.filter((name) => name.startsWith('lock')),
      [],
    )
  })

  it('ends with its ssh that was killed at any moment', async () => {
    const count = isSoak ? 300 : 30
    const longestMs = 800
    stage.mintMs = 200
    for (let at = 0; at < count; at += 1) {
      if (at % 3 === 0) await forgetManagedPass(stage.state, stage.owner)
      const child = stage.startSsh([HOST, 'sleep 60'], WAYS[at % 2] ?? 'relayed')
      await new Promise((resolve) => setTimeout(resolve, (at / count) * longestMs))
      child.kill('SIGKILL')
    }
    await noneIsLeft()
    assert.equal((await stage.ssh([HOST, 'true'])).status, 0)
  })

  it('takes one pass for 20 connections through an expiry', async function () {
    // A machine may be too busy for 20 ssh and 20 Node within their 12 s.
    this.retries(2)
    assert.equal((await stage.ssh([HOST, 'true'])).status, 0)
    await forgetManagedPass(stage.state, stage.owner)
    const before = stage.mints()
    const numbers = Array.from({length: 20}, (_, at) => at)
    const runs = numbers.map((at) => stage.ssh([HOST, `echo ${at}`], {way: WAYS[at % 2] ?? 'relayed'}))
    assert.deepEqual(
      (await Promise.all(runs)).map(({status, stdout, stderr}) => [status, `${stdout}`, stderr]),
      numbers.map((at) => [0, `${at}\n`, '']),
    )
    assert.equal(stage.mints(), before + 1)
  })

  for (const way of WAYS) {
    it(`leaves a tmux session through the end of its pass, and takes a new one for who joins it (${way})`, async function () {
      if (spawnSync('tmux', ['-V']).status !== 0) skip(this, 'no tmux')
      const sockets = join(stage.home, 'tmux')
      mkdirSync(sockets)
      const tmux = `env TMUX_TMPDIR=${sockets} TERM=xterm tmux -f /dev/null`
      undos.push(() => void spawnSync('/bin/sh', ['-c', `${tmux} kill-server`]))
      // Less than what a connection may begin with: the next one takes a new pass.
      stage.lifetimeSeconds = 3
      const began = performance.now()
      const first = stage.startSsh(['-tt', HOST, `${tmux} new -s work`], way)
      const typed = async (words: string, mark: string): Promise<void> => {
        first.stdin?.write(`${words}; touch ${join(stage.home, mark)}\r`)
        await until(
          () => existsSync(join(stage.home, mark)),
          () => `nothing came of ${words}`,
        )
      }
      await once(first.stdout as NodeJS.ReadableStream, 'data')
      await typed('echo one', 'before')
      const before = stage.mints()
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 3500 - (performance.now() - began))))
      await typed('echo two', 'after')
      const second = await stage.ssh(
        [HOST, `${tmux} send-keys -t work 'echo three' Enter; ${tmux} capture-pane -t work -p`],
        {way},
      )
      assert.equal(second.status, 0, second.stderr)
      assert.match(`${second.stdout}`, /^one$[\s\S]*^two$/m)
      assert.equal(stage.mints(), before + 1)
      await typed('echo four', 'still')
      first.stdin?.write('exit\r')
      await once(first, 'close')
      await noneIsLeft()
    })
  }
})
