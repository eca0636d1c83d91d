import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {type IPty, spawn} from '@lydell/node-pty'
import {BIN} from '../support/runcode.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'

/** What a person's keys do, at a terminal with a shell of their own (bash with job control) that runs us. */
describe('keys at a terminal', function () {
  this.timeout(60_000)
  let workspace: SshdWorkspace
  let terminal: IPty
  let shown = ''

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    const {status, stderr} = await workspace.run(['connect', 'calm-reed'])
    assert.equal(status, 0, stderr)
    const env = {...workspace.home.env, TERM: 'xterm', PS1: 'HERE> ', NODE: process.execPath, BIN}
    terminal = spawn('bash', ['--norc', '--noprofile', '--noediting', '-i'], {
      cols: 90,
      rows: 25,
      env,
      cwd: workspace.tree,
    })
    terminal.onData((text) => {
      shown += text
    })
    terminal.write('saved=$(stty -g)\r')
    await until(/HERE> $/)
  })
  after(async () => {
    terminal?.kill('SIGKILL')
    await workspace?.remove()
  })

  const until = async (what: RegExp): Promise<void> => {
    for (let tries = 0; !what.test(shown) && tries < 400; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
    assert.match(shown, what)
  }
  /** Types, and waits for what is shown after that. */
  const type = async (keys: string, what: RegExp): Promise<void> => {
    shown = ''
    terminal.write(keys)
    await until(what)
  }
  const isAsBefore = (): Promise<void> => type('[ "$(stty -g)" = "$saved" ] && echo sa""ne\r', /sane\r\n/)

  it('Ctrl-Z leaves what is typed to the shell here, and fg goes on with the command', async () => {
    await type('"$NODE" "$BIN" exec -- "echo be""gun; read -r line; echo got:\\$line"\r', /begun\r\n/)
    await type('\u001a', /Stopped/)
    // Who reads beside the shell gets a line now and then.
    for (const line of ['one', 'two', 'three', 'four', 'five', 'six'])
      await type(`echo mi""ne ${line}\r`, new RegExp(`\nmine ${line}\r\n`))
    await type('fg\r', /exec --/)
    await type('theirs\r', /got:theirs\r\n/)
    await isAsBefore()
  })

  it('a shell has the size of the terminal, also when it changes, and its own 255 is no lost connection', async () => {
    await type('"$NODE" "$BIN" ssh calm-reed\r', /[#$] $/)
    await type('stty size\r', /25 90\r\n/)
    terminal.resize(80, 20)
    // The change takes its own way there.
    await type('until [ "$(stty size)" = "20 80" ]; do sleep 0.1; done; echo now:80\r', /now:80\r\n/)
    await type('exit 255\r', /HERE> $/)
    assert.doesNotMatch(shown, /onnection/)
    await type('echo "st:$?"\r', /st:255\r\n/)
    await isAsBefore()
  })

  it('keys are for the far side: Ctrl-C ends what runs there, and a shell that is killed there is told as 128 + n', async () => {
    await type('"$NODE" "$BIN" ssh calm-reed\r', /[#$] $/)
    await type('echo sl""eeps; sleep 100\r', /sleeps\r\n/)
    await type('\u0003', /[#$] $/)
    await type('echo "st:$?"\r', /st:130\r\n/)
    await type('kill -9 $$\r', /HERE> $/)
    await type('echo "st:$?"\r', /st:137\r\n/)
    await isAsBefore()
  })

  it('a killed ssh leaves the terminal as it was, and the line is told as lost', async () => {
    // bash would set its terminal itself; this shell does not.
    const script = `sh -c '"$NODE" "$BIN" ssh calm-reed; echo "st:$?"; [ "$(stty -g)" = "$0" ] && echo sa""ne' "$saved"`
    await type(`${script}\r`, /[#$] $/)
    shown = ''
    process.kill(sshOf(workspace.home.path), 'SIGKILL')
    await until(/HERE> $/)
    assert.match(shown, /The connection to 127\.0\.0\.1 was lost/)
    assert.match(shown, /st:125\r\nsane\r\n/)
  })
})

/** The pid of the ssh that shows a far terminal to a program in this home. */
const sshOf = (home: string): number => {
  const lines = execFileSync('ps', ['-axo', 'pid=,args='], {encoding: 'utf8'}).split('\n')
  return Number.parseInt(lines.find((line) => line.includes(`ssh -tt -F ${home}`)) ?? '', 10)
}
