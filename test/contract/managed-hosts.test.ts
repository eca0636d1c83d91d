import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {until} from '../server/gateway/gateway-fixture.ts'
import {ask, closeMaster, mint, quote, type Ran, runProgram, ssh} from '../support/foreign-client.ts'
import {type RunningServer, startServerForTests} from '../support/running-server.ts'

const RELAY = fileURLToPath(new URL('../support/relay-program.ts', import.meta.url))
/** What these tests can do without; the OpenSSH client they cannot. */
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

/** By its address, as ssh is started in other folders. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

describe("the managed hosts of RunCode's contract", function () {
  this.timeout(30_000)
  let server: RunningServer
  let hosts: string
  let pass: string
  let tools: {readonly cwd: string; readonly env: Readonly<Record<string, string>>}

  const place = (name: string): string => join(server.root, name)

  before(async () => {
    server = await startServerForTests()
    const account = await server.userAccount()
    const id = await server.makeWorkspace('calm-reed-00112233')
    await ask(account, 'GET', `/workspace/start?workspace_id=${id}`)
    pass = place('pass')
    await until('it runs', async () => (await mint(account, {id, folder: pass})).status === 200)
    const session = place('hosts/ws-1')
    mkdirSync(session, {recursive: true, mode: 0o700})
    hosts = place('hosts/config')
    writeFileSync(place('hosts/account.json'), JSON.stringify(account), {mode: 0o600})
    const relay = [process.execPath, '--import', TSX, RELAY, session, `${id}`, place('hosts/account.json')]
    const block = [
      'Host runcode.calm-reed-00112233',
      'HostName runcode-gateway',
      'User calm-reed-00112233',
      `ProxyCommand ${relay.map(quote).join(' ')}`,
      `IdentityFile "${session}/id_ed25519"`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile "${place('hosts/gateway_known_hosts')}"`,
      'GlobalKnownHostsFile /dev/null',
      'StrictHostKeyChecking yes',
      'CheckHostIP no',
    ]
    writeFileSync(hosts, `${block.join('\n')}\n`)
    const identity = Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'Example'],
        [`GIT_${who}_EMAIL`, 'example@example.test'],
      ]),
    )
    const quiet = {GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null'}
    tools = {cwd: place('hosts'), env: {GIT_SSH_COMMAND: `ssh -F ${hosts}`, ...quiet, ...identity}}
  })

  after(async () => {
    await closeMaster(pass)
    await server.remove()
  })

  const run = async (file: string, args: readonly string[], cwd = tools.cwd): Promise<Ran> => {
    const ran = await runProgram(file, args, {...tools, cwd})
    assert.equal(ran.status, 0, `${file}: ${ran.stderr}`)
    return ran
  }

  it('are reached with a key that is made while ssh waits, under the name that the pin was given', async () => {
    const {status, stderr} = await runProgram('ssh', ['-F', hosts, 'runcode.calm-reed-00112233', 'exit 7'], tools)
    assert.deepEqual([status, stderr], [7, ''])
    assert.match(readFileSync(place('hosts/gateway_known_hosts'), 'utf8'), /^runcode-gateway ssh-ed25519 \S+\n$/)
  })

  it('are not reached under a name that has no pin', async () => {
    const other = `Host *\nHostKeyAlias other\n${readFileSync(hosts, 'utf8')}`
    writeFileSync(place('hosts/other'), other)
    const args = ['-F', place('hosts/other'), '-o', 'BatchMode=yes', 'runcode.calm-reed-00112233', 'touch reached']
    const {status, stderr} = await runProgram('ssh', args, tools)
    assert.equal(status, 255)
    assert.match(stderr, /Host key verification failed/)
    assert.equal((await ssh(pass, ['box', 'test -e reached'])).status, 1)
  })

  it('take and give files by scp', async () => {
    writeFileSync(place('hosts/sent'), randomBytes(1_000_000))
    await run('scp', ['-O', '-q', '-F', hosts, 'sent', 'runcode.calm-reed-00112233:by-scp'])
    await run('scp', ['-O', '-q', '-F', hosts, 'runcode.calm-reed-00112233:by-scp', 'back'])
    assert.equal(readFileSync(place('hosts/back')).equals(readFileSync(place('hosts/sent'))), true)
  })

  it('take and give trees by rsync', async function () {
    if (!isInstalled('rsync')) this.skip()
    mkdirSync(place('hosts/tree/a b'), {recursive: true})
    writeFileSync(place('hosts/tree/a b/one'), 'one\n', {mode: 0o750})
    symlinkSync('one', place('hosts/tree/a b/link'))
    await run('rsync', ['-a', '-e', `ssh -F ${hosts}`, 'tree/', 'runcode.calm-reed-00112233:tree/'])
    await run('rsync', ['-a', '-e', `ssh -F ${hosts}`, 'runcode.calm-reed-00112233:tree/', 'again/'])
    await run('diff', ['-r', '--no-dereference', 'tree', 'again'])
  })

  it('are remotes of git, to clone from and to push to', async function () {
    if (!isInstalled('git')) this.skip()
    await ssh(pass, ['box', 'git init -q --bare repo.git'])
    await run('git', ['clone', '-q', 'runcode.calm-reed-00112233:repo.git', 'clone'])
    await run('git', ['commit', '-q', '--allow-empty', '-m', 'one'], place('hosts/clone'))
    await run('git', ['push', '-q', 'origin', 'HEAD:refs/heads/main'], place('hosts/clone'))
    const {stdout} = await run('git', ['rev-parse', 'HEAD'], place('hosts/clone'))
    const there = await ssh(pass, ['box', 'git --git-dir=repo.git rev-parse main'])
    assert.equal(`${there.stdout}`, `${stdout}`)
  })
})
