// npm test: installs and builds what is missing, then runs the whole suite. Arguments go to mocha; `--soak` asks the tests
// that sample for the whole of what they could try.
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {ensureBuilt} from './ensure-built.js'

const root = fileURLToPath(new URL('..', import.meta.url))

try {
  await ensureBuilt()
  const args = process.argv.slice(2).filter((arg) => arg !== '--soak')
  const {status} = spawnSync(process.execPath, [`${root}node_modules/mocha/bin/mocha.js`, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: process.argv.includes('--soak') ? {...process.env, RUNCODE_SOAK: '1'} : process.env,
  })
  process.exitCode = status ?? 1
} catch (error) {
  process.stderr.write(`npm test: ${error.message}\n`)
  process.exitCode = 1
}
