import type {Mint} from '../../src/session/open-session.ts'
import type {SessionOwner} from '../../src/session/session.ts'
import {parseConnectionBundle} from '../../src/workspace/connection-bundle.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'

export const exampleOwner: SessionOwner = {
  account: 'runcode',
  origin: 'https://app.example.com',
  workspaceId: '41' as WorkspaceId,
}

/** An ed25519 key of 32 bytes. */
const blob = (filler: string): string => `AAAAC3NzaC1lZDI1NTE5AAAAIA${filler.repeat(42)}`

/** What a control plane gives; `pin` is one letter that makes the host key another one. */
export const exampleMint = ({lifetimeSeconds = 1800, pin = 'A'} = {}): Mint => ({
  bundle: parseConnectionBundle(
    {
      host: 'ssh.example.com',
      port: 2222,
      user: 'calm-reed',
      known_hosts: `x ssh-ed25519 ${blob(pin)}\ny ssh-ed25519 ${blob('Z')}\n`,
      expires_at: '2030-01-02T03:04:05Z',
      web_url: 'https://calm-reed.example.com',
      workdir: '/home/ubuntu/workspace',
    },
    {mayBeLocal: false},
  ),
  lifetimeSeconds,
  serverNow: new Date('2030-01-02T02:34:05Z'),
  streams: 'bytes',
})
