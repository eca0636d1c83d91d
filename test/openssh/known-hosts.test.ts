import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {run} from '../../src/core/process.ts'
import {createKeyPair} from '../../src/openssh/key-pair.ts'
import {hostKeyAlgorithms, renderKnownHosts} from '../../src/openssh/known-hosts.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('renderKnownHosts()', () => {
  const folder = temporaryFolder()

  for (const [host, port, name] of [
    ['ssh.example.com', 22, 'ssh.example.com'],
    ['ssh.example.com', 2222, '[ssh.example.com]:2222'],
    ['203.0.113.7', 22, '203.0.113.7'],
    ['203.0.113.7', 22_022, '[203.0.113.7]:22022'],
    ['2001:db8::1', 22, '2001:db8::1'],
    ['2001:db8::1', 2222, '[2001:db8::1]:2222'],
  ] as const) {
    it(`is found by the real ssh-keygen for ${host} and port ${port}, and for no other name`, async () => {
      const [type = '', base64 = ''] = (await createKeyPair(join(folder.path, 'key'), process.env)).split(' ')
      const file = join(folder.path, 'known_hosts')
      writeFileSync(file, renderKnownHosts(host, port, [{type, base64}]))
      const find = async (one: string): Promise<string> => {
        const {stdout} = await run('ssh-keygen', ['-F', one, '-f', file], {env: process.env})
        return stdout
      }
      assert.equal(await find(name), `# Host ${name} found: line 1 \n${name} ${type} ${base64}\n`)
      assert.equal(await find('other.example.com'), '')
      assert.equal(await find(port === 22 ? `[${host}]:2222` : host), '')
    })
  }

  it('has one line for each key', () => {
    const keys = [
      {type: 'a', base64: 'AA'},
      {type: 'b', base64: 'BB'},
    ]
    assert.equal(renderKnownHosts('h', 22, keys), 'h a AA\nh b BB\n')
  })

  it('names algorithms that this ssh knows, and never SHA-1 for RSA', async () => {
    const types = ['ssh-rsa', 'ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521']
    const security = ['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com']
    const algorithms = hostKeyAlgorithms([...types, ...security].map((type) => ({type, base64: ''}))).split(',')
    const {stdout} = await run('ssh', ['-Q', 'HostKeyAlgorithms'], {env: process.env})
    const known = stdout.split('\n')
    assert.deepEqual(
      algorithms.filter((one) => !known.includes(one)),
      [],
    )
    assert.equal(algorithms.includes('ssh-rsa'), false)
  })
})
