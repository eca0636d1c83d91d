import assert from 'node:assert/strict'
import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {withLock} from '../../src/core/lock.ts'
import {hasIdentity, managedHost, pinGateway} from '../../src/session/managed-host.ts'
import {keepIdentity, retireIdentity, sweepIdentities} from '../../src/session/managed-identity.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const NAME = {account: 'work', workspaceId: '41' as WorkspaceId}
const env = process.env

describe('the key pair of a managed host', () => {
  const folder = temporaryFolder()
  const soon = (ms = 10_000) => deadlineIn(ms, new AbortController().signal)
  const prepared = async (name = NAME): Promise<ReturnType<typeof managedHost>> => {
    const host = managedHost(folder.path, name)
    mkdirSync(host.folder, {recursive: true, mode: 0o700})
    await keepIdentity(host, env, soon().signal)
    return host
  }
  const keyOf = ({identityFile}: {identityFile: string}): string => readFileSync(`${identityFile}.pub`, 'utf8').trim()
  const age = ({identityFile}: {identityFile: string}, minutes: number): void => {
    const then = new Date(Date.now() - minutes * 60_000)
    utimesSync(identityFile, then, then)
  }

  it('is made once, private, and stays', async () => {
    const host = await prepared()
    const key = keyOf(host)
    await prepared()
    assert.equal(keyOf(host), key)
    assert.equal(statSync(host.identityFile).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(host.folder).toSorted(), ['id_ed25519', 'id_ed25519.pub'])
    assert.equal((await keepIdentity(host, env, soon().signal)).publicKey, key)
  })

  it('is made anew where a half of it is gone or is no key', async () => {
    const host = await prepared()
    const key = keyOf(host)
    for (const spoil of [
      () => rmSync(host.identityFile),
      () => rmSync(`${host.identityFile}.pub`),
      () => writeFileSync(`${host.identityFile}.pub`, 'ssh-ed25519 x; rm\n'),
    ]) {
      spoil()
      const {publicKey} = await keepIdentity(host, env, soon().signal)
      assert.notEqual(publicKey, key)
      assert.equal(keyOf(host), publicKey)
    }
  })

  it('does not trip over what was left half-made', async () => {
    const host = managedHost(folder.path, NAME)
    mkdirSync(host.folder, {recursive: true, mode: 0o700})
    writeFileSync(`${host.identityFile}.new`, 'half')
    assert.equal(await hasIdentity(await prepared()), true)
  })

  it('goes when no pass was taken for it for 41 minutes, with its certificate, and not before', async () => {
    const host = await prepared()
    writeFileSync(`${host.identityFile}-cert.pub`, 'x')
    age(host, 40)
    await retireIdentity(host, new Date())
    assert.equal(await hasIdentity(host), true)
    age(host, 42)
    writeFileSync(join(host.folder, 'current'), 'a pass of now\n')
    await retireIdentity(host, new Date())
    assert.equal(await hasIdentity(host), true)
    rmSync(join(host.folder, 'current'))
    await retireIdentity(host, new Date())
    assert.deepEqual(readdirSync(host.folder), [])
  })

  it('goes from every host in one sweep, but for one that is being used', async () => {
    const names = ['41', '42', '43'].map((id) => ({...NAME, workspaceId: id as WorkspaceId}))
    const [old, busy, young] = await Promise.all(names.map(prepared))
    assert.ok(old !== undefined && busy !== undefined && young !== undefined)
    for (const host of [old, busy]) age(host, 60)
    await withLock(join(busy.folder, 'lock'), soon(), () => sweepIdentities(folder.path, new Date(), soon(300)))
    assert.deepEqual(await Promise.all([old, busy, young].map(hasIdentity)), [false, true, true])
    await sweepIdentities(join(folder.path, 'nothing'), new Date(), soon())
  })

  it('stands beside the pin of the gateway under a name of its own, which is written when it differs', async () => {
    const host = await prepared()
    const pins = [{type: 'ssh-ed25519', base64: 'AAAA'}]
    await pinGateway(host, pins)
    assert.equal(readFileSync(host.knownHostsFile, 'utf8'), 'runcode-work-41 ssh-ed25519 AAAA\n')
    const {ino} = statSync(host.knownHostsFile)
    await pinGateway(host, pins)
    assert.equal(statSync(host.knownHostsFile).ino, ino)
    await pinGateway(host, [{type: 'ssh-ed25519', base64: 'BBBB'}])
    assert.match(readFileSync(host.knownHostsFile, 'utf8'), / BBBB\n$/)
  })
})
