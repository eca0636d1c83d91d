import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {createAskSsh} from '../../src/user-ssh-config/ask-ssh.ts'
import {withBlock} from '../../src/user-ssh-config/block.ts'
import {BrokenConfigError, UnsafeChangeError} from '../../src/user-ssh-config/check-candidate.ts'
import {renderBlock, renderHost} from '../../src/user-ssh-config/render-hosts.ts'
import {tryCandidate} from '../../src/user-ssh-config/try-candidate.ts'
import {readUserFile} from '../../src/user-ssh-config/user-file.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'
import {exampleEntry, exampleFiles, PROGRAM} from './example-entry.ts'

/** With the system's own ssh; whatever the machine's user has is left out, as it is asked about one file only. */
describe('a change that ssh is asked about', () => {
  const folder = temporaryFolder()
  const entry = exampleEntry({})
  const lines = renderHost(entry, exampleFiles(entry), PROGRAM)

  /** What the owner of a file is told of a block in it; `change` makes another file of the one that we would write. */
  const told = async (config: string | undefined, change = (text: string) => text): Promise<readonly string[]> => {
    const path = join(folder.path, 'config')
    if (config !== undefined) writeFileSync(path, config, {mode: 0o600})
    const file = await readUserFile(path)
    mkdirSync(join(folder.path, 'state'), {mode: 0o700, recursive: true})
    const deadline = deadlineIn(30_000, new AbortController().signal)
    const ask = await createAskSsh({PATH: process.env['PATH'], HOME: folder.path}, deadline)
    const rest = file.text ?? ''
    const text = change(withBlock(rest, renderBlock([lines], {isNewFile: false})))
    const locked = {file, folder: join(folder.path, 'state')}
    return tryCandidate(ask, locked, {text, rest, hosts: [{alias: entry.alias, lines}]})
  }

  it('is fine in no file, in an empty one, and beside anything that is not for all hosts', async () => {
    assert.deepEqual(await told(undefined), [])
    assert.deepEqual(await told(''), [])
    assert.deepEqual(
      await told('Host github.com\r\n  User git\r\n  IdentityFile "~/.ssh/k"\r\nMatch host x\n  User y'),
      [],
    )
  })

  it('is fine where global options have the first word, and the last', async () => {
    assert.deepEqual(
      await told(
        'User bob\nStrictHostKeyChecking no\nProxyJump j\nHost *\n  HostName elsewhere.example.test\n  Port 7\n',
      ),
      [],
    )
  })

  it('tells of each option that adds up, with its line in the new file, and how to keep it out', async () => {
    const shift = lines.length + 4
    const said = await told('IdentityFile ~/.ssh/id_a\nHost x\n  IdentityFile ~/.ssh/id_x\nHost * !y\n  SetEnv A=b\n')
    assert.deepEqual(said, [
      `Line ${shift + 1} (identityfile ~/.ssh/id_a) also applies to runcode.demo, and is offered to its gateway. Put it below a line "Host * !runcode.*" to keep it out.`,
      `Line ${shift + 5} (setenv A=b) also applies to runcode.demo, and is sent to it. Write "Host * !y !runcode.*" in line ${shift + 4} to keep it out.`,
    ])
    for (const option of [
      'CertificateFile /c',
      'LocalForward 1 a:2',
      'RemoteForward 1 a:2',
      'DynamicForward 3',
      'SendEnv X',
    ])
      assert.equal((await told(`Host *\n  ${option}\n`)).length, 1, option)
  })

  it('tells of a cure that cures', async () => {
    const said = await told('Host * !runcode.*\n  SendEnv A\nHost r?ncode.* x\n  SendEnv B\n')
    assert.deepEqual(
      said.map((one) => one.split(' also')[0]),
      [`Line ${lines.length + 8} (sendenv B)`],
    )
    assert.deepEqual(await told('Host * !runcode.*\n  IdentityFile ~/.ssh/id_a\n'), [])
    assert.deepEqual(await told('Match !host runcode.* all\n'), [])
  })

  it('tells that a file which is included adds an option', async () => {
    writeFileSync(join(folder.path, 'more'), 'SendEnv FOO\n')
    const said = await told(`Include ${folder.path}/more\n`)
    assert.deepEqual(said, ['A sendenv of a file that is included also applies to runcode.demo, and is sent to it.'])
  })

  it('tells that ssh ran commands of the file', async () => {
    const ran = join(folder.path, 'ran')
    const said = await told(
      `Host a\nMatch host b !exec "touch ${ran}"\n  User c\nMatch exec "touch ${ran}"\n  User d\n`,
    )
    assert.match(said.join(), /ran "Match exec" of line \d+, \d+\./)
    assert.ok(existsSync(ran))
  })

  it('is refused where the file has a host of the same name, which would lose its options', async () => {
    await assert.rejects(told('Host other runcode.demo\n  HostName x.example.test\n'), (error) => {
      assert.ok(error instanceof UnsafeChangeError)
      assert.equal(error.facts['host'], 'runcode.demo')
      return true
    })
  })

  it('is refused where global options would belong to one host only', async () => {
    const unclosed = (text: string): string => text.replace('Host *\n', '')
    await assert.rejects(told('User bob\nHost a\n  Port 7\n', unclosed), /would lose its own/)
    await assert.rejects(told('User bob\n', unclosed), /would lose its own user/)
  })

  it('is refused where a host below would get another value', async () => {
    const changed = (text: string): string => text.replace('User me', 'User you')
    await assert.rejects(told('Host a\n  User me\n', changed), (error) => {
      assert.ok(error instanceof UnsafeChangeError)
      assert.equal(error.facts['host'], 'a')
      return true
    })
  })

  it('is refused where a value of ours does not count', async () => {
    for (const [option, keyword] of [
      ['StrictHostKeyChecking no', 'stricthostkeychecking'],
      ['ForwardAgent yes', 'forwardagent'],
      ['IdentityFile /other', 'identityfile'],
      ['RemoteCommand x', 'remotecommand'],
      ['ProxyCommand x', 'proxycommand'],
    ]) {
      const above = (text: string): string => `Host runcode.*\n  ${option}\n${text}`
      await assert.rejects(told('', above), new RegExp(`would not get our ${keyword}`))
    }
  })

  it('is refused where each ssh would complain of it, and only then', async () => {
    const built = (text: string): string => `Host runcode.x\n  KerberosAuthentication no\n${text}`
    await assert.rejects(told('Host a\n', built), /would say each time: .*line 2: Unsupported option/)
    assert.deepEqual(await told('Host a\n  KerberosAuthentication no\n'), [])
  })

  it('is refused where ssh cannot read what would be written', async () => {
    await assert.rejects(
      told('', (text) => `${text}NoSuchOption x\n`),
      {message: /would fail: .*line \d+: Bad configuration option/, said: /terminating, 1 bad configuration options/},
    )
  })

  it('is not begun where ssh cannot read the file as it is', async () => {
    for (const config of ['NoSuchOption x\n', 'Host a\n  Port nothing\n', '\uFEFFHost a\n'])
      await assert.rejects(told(config), {name: BrokenConfigError.name, said: /line \d+/})
  })

  it('is as quick beside thousands of hosts', async () => {
    const rest = Array.from({length: 3000}, (_, at) => `Host box-${at} box-${at}.example.test\n  User me\n`).join('')
    const hosts = Array.from({length: 1000}, (_, at) => ({alias: `runcode.box-${at}`, lines: ['  User x']}))
    mkdirSync(join(folder.path, 'state'), {mode: 0o700})
    const file = {path: join(folder.path, 'config'), text: rest, stats: undefined}
    const ask = async () => ({options: new Map([['user', ['x']]]), complaints: [], tookMs: 1})
    const startMs = performance.now()
    await tryCandidate(ask, {file, folder: join(folder.path, 'state')}, {text: rest, rest, hosts})
    assert.ok(performance.now() - startMs < 3000)
  })

  it('leaves nothing of what was tried', async () => {
    await told('Host a\n')
    await assert.rejects(told('NoSuchOption x\n'))
    assert.deepEqual(readdirSync(join(folder.path, 'state')), [])
  })
})
