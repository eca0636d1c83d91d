import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {runcode} from '../runcode.ts'

const RECORDER = fileURLToPath(new URL('recorder.cjs', import.meta.url))
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

interface Place {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/**
 * What `exec -- true` does in a place, a line each: what it looks at, opens, reads, connects to, starts, and which modules
 * of Node it loads on the way. Names that differ from machine to machine stand in angle brackets. Throws where it fails.
 */
export const traceExec = (place: Place): Promise<readonly string[]> =>
  traced(place, async (env) => {
    const {status, stderr} = await runcode(['exec', '--', 'true'], {env, cwd: place.cwd})
    if (status !== 0) throw new Error(`exec ended with ${status}: ${stderr}`)
  })

/** The same of the proxy of a managed host, given the words that run `true` there by ssh. */
export const traceProxy = (place: Place, [ssh = '', ...words]: readonly string[]): Promise<readonly string[]> =>
  traced(place, async (env) => {
    const {status, stderr} = spawnSync(ssh, [...words, 'true'], {env, cwd: place.cwd, encoding: 'utf8'})
    if (status !== 0) throw new Error(`ssh ended with ${status}: ${stderr}`)
  })

const traced = async (
  place: Place,
  run: (env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<readonly string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-trace-'))
  const log = join(folder, 'log')
  try {
    await run({...place.env, WARM_EXEC_LOG: log, NODE_OPTIONS: `--require="${RECORDER}"`})
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n').map(namingIn(place))
    // ssh is looked for in one folder of PATH after the other.
    return lines.filter((line, at) => !(line.startsWith('look for ') && line === lines[at - 1]))
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

const namingIn =
  ({env, cwd}: Place) =>
  (line: string): string =>
    line
      .replace(ROOT, '<runcode>/')
      .replace(cwd, '<tree>')
      .replace(`${env['HOME']}/.local/state/runcode/cli`, '<state>')
      .replace(`${env['HOME']}/.config/runcode/cli`, '<config>')
      .replace(/^(look at|look for) .*\/sockets\b/, '$1 <sockets>')
      .replace(/(?<=\/sessions\/)[^/]+/, '<account>')
      .replace(/(?<=\/sessions\/<account>\/)[^/]+/, '<id>')
      .replace(/\bg[0-9a-f]{24}\b/, '<generation>')
      .replace(/\b[0-9a-f]+(?=\.json$)/, '<path of tree in hex>')
      .replace(/\bssh\.\d+\.[0-9a-f]{8}\.log$/, '<log>')
      .replace(/(?<=\/logs\/)[\dTZ.-]+\.log$/, '<log>')
      .replace(/(?<=^look for <sockets>\/)[0-9a-f]{16}$/, '<hash of generation>')
      .replace(/^connect to \{"host":.*/, 'connect to <gateway>')
      .replace(/^(look for|start) .*\/(?=ssh$)/, '$1 <a folder of PATH>/')
