import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {renderBundle} from '../../../src/server/api/bundle.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFvQ2XmFFHOmHVkoECTEiL8nLQJbgkJR9oOe4p8vU7gk'

describe('the pin in a bundle', () => {
  const folder = temporaryFolder()

  for (const [port, name] of [
    [22, '127.0.0.1'],
    [2222, '[127.0.0.1]:2222'],
  ] as const)
    it(`is found by ssh under the name that it looks up for port ${port}`, () => {
      const {known_hosts} = renderBundle({
        gateway: {host: '127.0.0.1', port, hostPublicKey: HOST_KEY},
        title: 'calm-reed',
        workdir: '/srv/calm-reed',
        expiresAt: new Date('2030-01-02T12:30:00Z'),
      })
      const file = join(folder.path, 'known_hosts')
      writeFileSync(file, known_hosts)
      assert.match(execFileSync('ssh-keygen', ['-F', name, '-f', file], {encoding: 'utf8'}), /ssh-ed25519 AAAA/)
    })
})
