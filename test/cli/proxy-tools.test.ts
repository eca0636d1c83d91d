import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {appendFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {createServer, connect as open} from 'node:net'
import {join} from 'node:path'
import type {Ran} from '../support/foreign-client.ts'
import {freePort} from '../support/free-port.ts'
import {type ManagedStage, startManagedStage} from '../support/managed-stage.ts'
import {needSshd} from '../support/sshd-workspace.ts'

const HOST = 'runcode.calm-reed'

describe("a person's own tools on a managed host", function () {
  this.timeout(120_000)
  let stage: ManagedStage
  let ssh: string
  let there: string

  before(async function () {
    needSshd(this)
    stage = (await startManagedStage()) as ManagedStage
    ssh = stage.config('handed over')
    there = join(stage.sshd.folder, 'there')
    mkdirSync(there)
    writeFileSync(join(stage.home, 'file'), randomBytes(300_000))
  })
  after(() => stage?.stop())

  const run = async (file: string, args: readonly string[], input?: string): Promise<Ran> => {
    const quiet = {GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_SSH_COMMAND: `ssh -F ${ssh}`}
    const who = {
      GIT_AUTHOR_NAME: 'A',
      GIT_AUTHOR_EMAIL: 'a@x.test',
      GIT_COMMITTER_NAME: 'A',
      GIT_COMMITTER_EMAIL: 'a@x.test',
    }
    const ran = await stage.tool(file, args, {env: {...quiet, ...who}, ...(input === undefined ? {} : {input})})
    assert.equal(ran.status, 0, `${file} ${args.join(' ')}: ${ran.stderr}`)
    return ran
  }
  const here = (name: string): string => join(stage.home, name)
  const isSame = (name: string, other: string): void =>
    assert.ok(readFileSync(here(name)).equals(readFileSync(join(there, other))))

  it('scp, by SFTP and in its old way', async () => {
    for (const [at, flags] of [[], ['-O']].entries()) {
      await run('scp', ['-q', ...flags, '-F', ssh, here('file'), `${HOST}:${there}/scp-${at}`])
      isSame('file', `scp-${at}`)
    }
  })

  it('sftp with a batch', async () => {
    await run(
      'sftp',
      ['-q', '-b', '-', '-F', ssh, HOST],
      `put ${here('file')} ${there}/sftp\nget ${there}/sftp ${here('back')}\n`,
    )
    isSame('back', 'sftp')
  })

  it('rsync, which sends only what changed', async () => {
    await run('rsync', ['-e', `ssh -F ${ssh}`, here('file'), `${HOST}:${there}/rsync`])
    appendFileSync(here('file'), 'more')
    const args = ['--no-whole-file', '--stats', '-I', '-e', `ssh -F ${ssh}`, here('file'), `${HOST}:${there}/rsync`]
    const {stdout} = await run('rsync', args)
    isSame('file', 'rsync')
    const [, literal = ''] = /^Literal data: ([\d,]+) bytes/m.exec(`${stdout}`) ?? []
    assert.ok(Number(literal.replaceAll(',', '')) < 3000, literal)
  })

  it('git: push, clone with a submodule, fetch', async () => {
    await run('git', ['init', '-q', '--bare', '-b', 'main', join(there, 'sub.git')])
    await run('git', ['init', '-q', '--bare', '-b', 'main', join(there, 'repo.git')])
    await run('git', ['init', '-q', '-b', 'main', here('sub')])
    await run('git', ['-C', here('sub'), 'commit', '-q', '--allow-empty', '-m', 'one'])
    await run('git', ['-C', here('sub'), 'push', '-q', `${HOST}:${there}/sub.git`, 'main'])
    await run('git', ['init', '-q', '-b', 'main', here('repo')])
    await run('git', ['-C', here('repo'), 'submodule', '--quiet', 'add', `${HOST}:${there}/sub.git`, 'sub'])
    await run('git', ['-C', here('repo'), 'commit', '-q', '-m', 'two'])
    await run('git', ['-C', here('repo'), 'push', '-q', `${HOST}:${there}/repo.git`, 'main'])
    await run('git', ['clone', '-q', '--recurse-submodules', `${HOST}:${there}/repo.git`, here('clone')])
    await run('git', ['-C', here('clone'), 'fetch', '-q'])
    const {stdout} = await run('git', ['-C', here('clone/sub'), 'log', '--format=%s'])
    assert.equal(`${stdout}`, 'one\n')
  })

  it('the opening move of VS Code, three windows at once: a script on stdin and a SOCKS port', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    const windows = [0, 1, 2].map(async (at) => {
      const port = await freePort()
      const args = ['-T', '-D', String(port), '-o', 'ConnectTimeout=15', '-F', ssh, HOST, 'bash']
      const script = `echo "window ${at}"; for i in $(seq 200); do [ -e ${there}/done-${at} ] && exit 7; sleep 0.1; done\n`
      const ran = stage.tool('ssh', args, {input: script})
      const tooSoon = ran.then(({status, stderr}) => assert.fail(`window ${at} ended with ${status}: ${stderr}`))
      const word = await Promise.race([bySocks(port, (echo.address() as {port: number}).port), tooSoon])
      writeFileSync(join(there, `done-${at}`), '')
      const {status, stdout} = await ran
      await assert.rejects(tooSoon)
      return [status, `${stdout}`, word]
    })
    assert.deepEqual(
      await Promise.all(windows),
      [0, 1, 2].map((at) => [7, `window ${at}\n`, 'word']),
    )
    echo.close()
  })

  /** What comes back for a word that is sent by way of a SOCKS5 proxy (RFC 1928), once there is one. */
  const bySocks = async (port: number, target: number): Promise<string> => {
    for (let tries = 0; tries < 300; tries += 1) {
      const socket = open(port, '127.0.0.1')
      const isUp = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      if (!isUp) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        continue
      }
      socket.write(Buffer.from([5, 1, 0]))
      await once(socket, 'data')
      socket.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 255]))
      await once(socket, 'data')
      socket.write('word')
      const [word] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      return word.toString()
    }
    return 'nobody listens'
  }
})
