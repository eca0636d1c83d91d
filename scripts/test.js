// npm test: installs and builds what is missing, then runs the whole suite. Arguments go to mocha.
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {ensureBuilt} from './ensure-built.js'

const root = fileURLToPath(new URL('..', import.meta.url))

try {
  await ensureBuilt()
  const {status} = spawnSync(process.execPath, [`${root}node_modules/mocha/bin/mocha.js`, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
} catch (error) {
  process.stderr.write(`npm test: ${error.message}\n`)
  process.exitCode = 1
}
