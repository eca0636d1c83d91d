import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {runServer} from '../../../src/server/run-server.ts'
import {serverFolder} from '../../../src/server/server-folder.ts'
import {BIN, runcode} from '../../support/runcode.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'
import {temporaryHome} from '../../support/temporary-home.ts'

describe('the folder of a server', function () {
  this.timeout(60_000)

  describe('with links in place of its files', () => {
    const base = temporaryFolder()
    /** Gives how the server started: undefined for well. It ends at once. */
    const failureOf = async (root: string): Promise<{code?: string} | undefined> => {
      const end = new AbortController()
      const run = runServer({
        folder: root,
        version: '1.2.3',
        env: {PATH: process.env['PATH'], SHELL: '/bin/sh'},
        apiPort: undefined,
        gatewayPort: undefined,
        idleSeconds: undefined,
        now: () => new Date(),
        onReady: () => end.abort(),
        signal: end.signal,
      })
      return run.then(
        () => undefined,
        (error: {code?: string}) => error,
      )
    }

    for (const [name, code] of [
      ['database', 'file_error'],
      ['hostKey', 'server_failed'],
      ['authority', 'unsafe_folder'],
      ['workspaces', 'unsafe_folder'],
      ['ownerToken', undefined],
      ['ports', undefined],
      ['facts', undefined],
      ['lock', undefined],
    ] as const)
      it(`writes nothing where a link for its ${name} leads, and ${code === undefined ? 'starts' : `says ${code}`}`, async () => {
        const folder = serverFolder(join(base.path, 'server'))
        const outside = join(base.path, 'outside')
        for (const path of [folder.root, outside]) mkdirSync(path, {mode: 0o700})
        const isOfFolders = name === 'authority' || name === 'workspaces'
        const target = isOfFolders ? outside : join(outside, 'precious')
        writeFileSync(join(outside, 'precious'), '')
        symlinkSync(target, folder[name])
        assert.equal((await failureOf(folder.root))?.code, code)
        assert.deepEqual(readdirSync(outside), ['precious'])
        assert.equal(readFileSync(join(outside, 'precious'), 'utf8'), '')
      })

    it('is refused as a link itself', async () => {
      mkdirSync(join(base.path, 'outside'), {mode: 0o700})
      symlinkSync(join(base.path, 'outside'), join(base.path, 'server'))
      assert.equal((await failureOf(join(base.path, 'server')))?.code, 'unsafe_folder')
      assert.deepEqual(readdirSync(join(base.path, 'outside')), [])
    })
  })

  it('on a full disk is told in one sentence, and serves as soon as there is room', async () => {
    const home = temporaryHome()
    const args = ['server', 'up', '--foreground', '--idle', '1s']
    try {
      // No file may grow beyond 4 KiB (setrlimit(2)).
      const line = `ulimit -f 8; exec "$0" "$@"`
      const options = {env: {...home.env}, cwd: home.path, encoding: 'utf8'} as const
      const {status, stderr} = spawnSync('sh', ['-c', line, process.execPath, BIN, ...args], options)
      assert.equal(status, 1)
      assert.match(stderr, /^runcode: Could not write \S+store\.db: [^\n]+\n(?:hint: [^\n]+\n)?$/)
      const later = await runcode(args, {env: home.env, cwd: home.path})
      assert.deepEqual([later.status, later.stderr.split('\n').length], [0, 3])
      const root = join(home.path, '.local/state/runcode/cli/server')
      assert.equal(lstatSync(join(root, 'store.db')).mode & 0o777, 0o600)
    } finally {
      home.remove()
    }
  })
})
