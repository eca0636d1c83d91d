import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {renderKnownHosts} from '../../src/openssh/known-hosts.ts'
import {renderConfig} from '../../src/openssh/render-config.ts'
import type {Session} from '../../src/session/session.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'
import type {RealSshd} from './real-sshd.ts'

/** Passes to a real sshd, made by hand, for tests of what goes on with a session and not before. */
export interface SessionMaker {
  /** A pass with a folder and a control path of its own, that leads to a port: that of sshd, or of a relay before it. */
  make(port: number): Session
  remove(): void
}

/** `options` are those of the line in authorized_keys (sshd(8)), such as `command="…"`. */
export function directSessions(sshd: Pick<RealSshd, 'admit' | 'hostKey' | 'user'>, options = ''): SessionMaker {
  const root = mkdtempSync(join(tmpdir(), 'rc-direct-'))
  const identityFile = join(root, 'id_ed25519')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identityFile])
  sshd.admit(`${options} ${readFileSync(`${identityFile}.pub`, 'utf8').trim()}`.trim())
  const [type = '', base64 = ''] = sshd.hostKey.split(' ')
  const hostKeys = [{type: type as 'ssh-ed25519', base64}]
  let count = 0
  return {
    make: (port) => {
      count += 1
      const folder = join(root, String(count))
      mkdirSync(folder, {mode: 0o700})
      const [alias, host, user] = ['runcode-calm-reed', '127.0.0.1', sshd.user]
      const [knownHostsFile, configFile, controlPath] = ['known_hosts', 'config', 'socket'].map((name) =>
        join(folder, name),
      ) as [string, string, string]
      const target = {
        ...{alias, host, port, user, hostKeys, identityFile, knownHostsFile, controlPath},
        certificateFile: undefined,
        route: [],
      }
      writeFileSync(knownHostsFile, renderKnownHosts(host, port, hostKeys))
      writeFileSync(configFile, renderConfig(target))
      return {
        ...{alias, host, port, user, hostKeys, folder, configFile, controlPath},
        ...{account: 'fake', origin: 'https://api.example.test', workspaceId: '41' as WorkspaceId, title: 'calm-reed'},
        ...{
          workdir: undefined,
          webUrl: undefined,
          mintedAt: new Date(),
          mintedAtUptimeSeconds: 0,
          lifetimeSeconds: 1800,
        },
      }
    },
    remove: () => rmSync(root, {recursive: true, force: true}),
  }
}
