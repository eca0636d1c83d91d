import assert from 'node:assert/strict'
import {endingOf} from '../../../src/core/process.ts'
import {message, rawClient, SSH} from '../attack/raw-ssh.ts'
import {type GatewayFixture, isRunning, openGateway} from './gateway-fixture.ts'

describe('a command whose client loses the reader of its stdout (as in `ssh host yes | head -1`)', () => {
  let fixture: GatewayFixture
  let master: string[]
  before(async () => {
    fixture = await openGateway()
    master = await fixture.master('mux')
  })
  after(() => fixture.close())

  interface LostReader {
    readonly first: string
    readonly stderr: string
    readonly code: number | undefined
  }
  /** Runs a command, closes ssh's stdout when its first bytes are there, and waits for ssh. */
  const loseReader = async (
    command: string,
    options: readonly string[],
    input: 'open' | 'ended',
  ): Promise<LostReader> => {
    const child = fixture.startSsh([...fixture.sshArgs(options), command])
    if (input === 'ended') child.stdin?.end()
    let stderr = ''
    child.stderr?.on('data', (chunk) => {
      stderr += chunk
    })
    const first = await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))
    child.stdout?.destroy()
    const ending = await endingOf(child)
    return {first: first.toString(), stderr, code: ending.kind === 'exited' ? ending.code : undefined}
  }

  for (const way of ['directly', 'over a master'] as const) {
    const options = (): string[] => (way === 'directly' ? [] : master)

    // ssh loses a late stderr by itself, so a good try or two would say little.
    it(`${way} ends by SIGPIPE, and what it says of that on stderr arrives, each time`, async () => {
      for (let i = 0; i < 10; i += 1) {
        const {stderr, code} = await loseReader(`sh -c 'yes; echo $? >&2'; exit 7`, options(), 'open')
        assert.deepEqual([stderr, code], ['141\n', 7])
      }
    })

    it(`${way} has its status also where ssh's stdin has ended, of which a master makes a close`, async () => {
      const {first, code} = await loseReader(`yes; exit $?`, options(), 'ended')
      assert.deepEqual([first.slice(0, 2), code], ['y\n', 141])
    })
  }

  it('may go on without it while the stdin of ssh is open', async () => {
    const command = 'echo a; sleep 0.3; echo b; sleep 2.5; echo alive >&2; exit 3'
    const lost = await Promise.all([[], master].map((options) => loseReader(command, options, 'open')))
    assert.deepEqual(
      lost.map(({stderr, code}) => [stderr, code]),
      [
        ['alive\n', 3],
        ['alive\n', 3],
      ],
    )
  })

  it('over a master, with an ended stdin, gets a moment, then TERM', async () => {
    const start = performance.now()
    const {first, code} = await loseReader(
      `trap 'exit 9' TERM; echo $$; sleep 0.3; echo; sleep 300 & wait`,
      master,
      'ended',
    )
    const elapsedMs = performance.now() - start
    assert.deepEqual([code, isRunning(Number.parseInt(first, 10))], [9, false])
    assert.equal(elapsedMs > 1000 && elapsedMs < 5000, true, `after ${elapsedMs} ms`)
  })

  it('is over where a hostile client closes twice, complains after that, and has left no room for output', async () => {
    let closes = 0
    const closed = new Promise<void>((resolve) => {
      const CHANNEL_CLOSE = (): void => {
        closes += 1
        resolve()
      }
      void fixture.connect().then((client) => {
        const {send} = rawClient(client, {CHANNEL_CLOSE})
        send(message(SSH.CHANNEL_OPEN, 'session', 5, 1000, 1 << 15))
        send(message(SSH.CHANNEL_REQUEST, 0, 'exec', false, 'exec yes'))
        setTimeout(() => {
          send(message(SSH.CHANNEL_CLOSE, 0))
          send(message(SSH.CHANNEL_REQUEST, 0, 'eow@openssh.com', false))
          send(message(SSH.CHANNEL_CLOSE, 0))
        }, 300)
      })
    })
    await closed
    assert.equal(closes, 1)
  })
})
