import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {findProgram} from '../../src/openssh/programs.ts'
import {renderBlock, renderHost} from '../../src/user-ssh-config/render-hosts.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'
import {exampleEntry, exampleFiles} from './example-entry.ts'

const SHELLS = ['sh', 'bash', 'dash', 'zsh', 'ksh', 'fish', 'tcsh', 'csh']
  .map((name) => `/bin/${name}`)
  .filter((path) => existsSync(path))

describe('the ProxyCommand of an entry', () => {
  const folder = temporaryFolder()

  it('starts us with our words, whatever the login shell is and whatever is in the paths', async () => {
    const place = join(folder.path, "o'brien's node, 100% (1) ~ #é; & *")
    const [node, record, config] = [join(place, 'node'), join(folder.path, 'record'), join(folder.path, 'config')]
    mkdirSync(place)
    writeFileSync(node, `#!/bin/sh\nprintf '%s\\n' "$NODE_CHANNEL_FD" "$@" > ${record}\n`, {mode: 0o755})
    const script = join(place, 'run.js')
    const entry = exampleEntry({})
    const lines = renderHost(entry, exampleFiles(entry), {node, script})
    writeFileSync(config, `${renderBlock([lines], {isNewFile: false}).join('\n')}\n`)
    assert.ok(SHELLS.length > 0)
    const ssh = await findProgram('ssh', process.env)
    for (const shell of SHELLS) {
      rmSync(record, {force: true})
      const env = {PATH: '/nowhere', SHELL: shell, HOME: folder.path}
      spawnSync(ssh, ['-F', config, entry.alias, 'true'], {env, timeout: 10_000})
      const words = existsSync(record) ? readFileSync(record, 'utf8').split('\n') : []
      assert.deepEqual(words, ['1', script, 'proxy', 'local/41', 'demo', ''], shell)
    }
  })
})
