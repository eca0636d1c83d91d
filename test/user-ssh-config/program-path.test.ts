import assert from 'node:assert/strict'
import {mkdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {stableProgram, TemporaryProgramError} from '../../src/user-ssh-config/program-path.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('the path that ssh starts us by', () => {
  const folder = temporaryFolder()
  const make = (path: string): string => {
    const file = join(folder.path, path)
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, '')
    return file
  }
  const link = (path: string, target: string): string => {
    mkdirSync(dirname(join(folder.path, path)), {recursive: true})
    symlinkSync(join(folder.path, target), join(folder.path, path))
    return join(folder.path, path)
  }
  const stable = (node: string, script = '/opt/runcode/bin/run.js') => stableProgram({node, script}, folder.path)

  it('is the one that Homebrew keeps through upgrades', async () => {
    const node = make('homebrew/Cellar/node@20/20.20.2/bin/node')
    link('homebrew/opt/node@20', 'homebrew/Cellar/node@20/20.20.2')
    const script = make('homebrew/Cellar/runcode/0.1.0/libexec/bin/run.js')
    link('homebrew/opt/runcode', 'homebrew/Cellar/runcode/0.1.0')
    const {program, warning} = await stable(node, script)
    assert.deepEqual(program, {
      node: join(folder.path, 'homebrew/opt/node@20/bin/node'),
      script: join(folder.path, 'homebrew/opt/runcode/libexec/bin/run.js'),
    })
    assert.equal(warning, undefined)
  })

  it('stays the real one, with a word, where the kept one is missing or leads to another version', async () => {
    const node = make('homebrew/Cellar/node/20.20.2/bin/node')
    make('homebrew/Cellar/node/26.0.0/bin/node')
    for (const version of [undefined, '26.0.0']) {
      rmSync(join(folder.path, 'homebrew/opt'), {recursive: true, force: true})
      if (version !== undefined) link('homebrew/opt/node', `homebrew/Cellar/node/${version}`)
      const {program, warning} = await stable(node)
      assert.equal(program.node, node)
      assert.match(warning ?? '', /a version of Homebrew/)
    }
  })

  it('is told to be of a version manager, by its name', async () => {
    for (const [path, manager] of [
      ['/home/me/.nvm/versions/node/v20.20.2/bin/node', 'nvm'],
      ['C:\\Users\\me\\AppData\\Roaming\\nvm\\v20.20.2\\node.exe', 'nvm'],
      ['/home/me/.local/share/fnm/node-versions/v20.20.2/installation/bin/node', 'fnm'],
      ['/home/me/.volta/tools/image/node/20.20.2/bin/node', 'volta'],
      ['/home/me/.asdf/installs/nodejs/20.20.2/bin/node', 'asdf'],
      ['/home/me/.local/share/mise/installs/node/20.20.2/bin/node', 'mise'],
      ['/home/me/.nodenv/versions/20.20.2/bin/node', 'nodenv'],
      ['/usr/local/n/versions/node/20.20.2/bin/node', 'n'],
    ] as const)
      assert.match((await stable(path)).warning ?? '', new RegExp(`that ${manager} manages`), path)
    assert.match(
      (await stable('/usr/bin/node', '/home/me/.nvm/versions/node/v2/lib/x.js')).warning ?? '',
      /nvm manages/,
    )
  })

  it('needs no word where it stays', async () => {
    for (const path of ['/usr/bin/node', '/usr/local/bin/node', '/opt/node/bin/node', '/home/nvm/node'])
      assert.equal((await stable(path)).warning, undefined, path)
  })

  it('is refused in what a package runner clears away', async () => {
    for (const path of [
      '/home/me/.npm/_npx/0f3a/node_modules/runcode/bin/run.js',
      'C:\\Users\\me\\AppData\\Local\\npm-cache\\_npx\\0f3a\\node_modules\\runcode\\bin\\run.js',
      '/home/me/.cache/pnpm/dlx/abc/node_modules/runcode/bin/run.js',
      '/tmp/xfs-1234/dlx-99/node_modules/runcode/bin/run.js',
      '/tmp/bunx-1000-runcode@latest/node_modules/runcode/bin/run.js',
    ])
      await assert.rejects(stable('/usr/bin/node', path), TemporaryProgramError, path)
  })
})
