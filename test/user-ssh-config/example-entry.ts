import assert from 'node:assert/strict'
import type {HostEntry} from '../../src/user-ssh-config/host-names.ts'
import type {HostFiles} from '../../src/user-ssh-config/render-hosts.ts'
import {parseWorkspaceId} from '../../src/workspace/workspace.ts'

export const PROGRAM = {node: '/usr/bin/node', script: '/opt/runcode/bin/run.js'}

export const exampleEntry = ({user = 'demo', account = 'local', id = '41'}): HostEntry => ({
  alias: `runcode.${user}`,
  account,
  workspaceId: parseWorkspaceId(id) ?? assert.fail(id),
  user,
  label: `The "${user}" of ${account}`,
})

export const exampleFiles = ({account, workspaceId, user}: HostEntry, controlPath?: string): HostFiles => ({
  identityFile: `/home/me/managed/${account}/${workspaceId}/id_ed25519`,
  knownHostsFile: `/home/me/managed/${account}/${workspaceId}/known_hosts`,
  hostKeyAlias: `runcode-${account}-${workspaceId}`,
  proxyWords: ['proxy', `${account}/${workspaceId}`, user],
  controlPath,
})
