import assert from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {ROOT} from '../house/source-tree.ts'
import {countProcesses} from '../support/processes.ts'
import {BIN, runcode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const [, session = ''] = /```console\n([\s\S]*?)```/.exec(readme) ?? []

/** Commands of the recorded session with what it shows below each. */
const steps = session
  .split(/^\$ /m)
  .slice(1)
  .map((step) => {
    const [command = '', ...shown] = step.split('\n')
    return {command, shown: shown.join('\n')}
  })

const [, uninstall = ''] = /## Taking it away\n\n```sh\n([\s\S]*?)```/.exec(readme) ?? []

/** What differs from machine to machine and from run to run. */
const settled = (text: string, home: string): string =>
  text
    .replaceAll(home, '/home/me')
    .replaceAll(/\b\d{4,5}\b/g, 'PORT')
    .replaceAll(/\b(?:29|30)m\b/g, '30m')
    .replaceAll(/git version \S+.*/g, 'git version')

describe('the README', function () {
  this.timeout(60_000)
  const home = temporaryHome()
  const project = join(home.path, 'project')
  const bin = join(home.path, 'bin')
  const env = {...home.env, PATH: `${bin}:${home.env['PATH']}`}

  before(() => {
    mkdirSync(project)
    mkdirSync(bin)
    symlinkSync(BIN, join(bin, 'runcode'))
  })
  after(async () => {
    await runcode(['server', 'down', '--purge'], {env, cwd: project})
    home.remove()
  })

  it('shows a session', () => assert.ok(steps.length > 8))

  for (const {command, shown} of steps) {
    it(`shows what happens: ${command}`, async () => {
      const child = spawn('sh', ['-c', command], {cwd: project, env, stdio: ['ignore', 'pipe', 'ignore']})
      let stdout = ''
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString('utf8')
      })
      const status = await new Promise((resolve) => child.on('close', resolve))
      assert.deepEqual({status, stdout: settled(stdout, home.path)}, {status: 0, stdout: settled(shown, home.path)})
    })
  }

  describe('on taking it away', () => {
    const lines = uninstall.trim().split('\n')
    const place = temporaryHome()
    const prefix = join(place.path, 'prefix')
    const npm = {npm_config_prefix: prefix, npm_config_cache: join(prefix, 'cache'), npm_config_offline: 'true'}
    const surroundings = {
      ...place.env,
      ...npm,
      PATH: `${bin}:${place.env['PATH']}`,
      XDG_RUNTIME_DIR: join(place.path, 'run'),
    }

    before(async () => {
      mkdirSync(join(place.path, 'run'), {mode: 0o700})
      // The lines name a folder by the user's number: not the real one, which may be in use.
      writeFileSync(join(bin, 'id'), '#!/bin/sh\necho nobody-has-this\n', {mode: 0o755})
      for (const call of ['server up', 'server workspace create box', 'connect box --start --wait']) {
        const {status, stderr} = await runcode(call.split(' '), {env: surroundings, cwd: place.path})
        assert.equal(status, 0, stderr)
      }
    })
    after(async () => {
      await runcode(['server', 'down', '--purge'], {env: surroundings, cwd: place.path})
      place.remove()
    })

    it('has lines that do it, each of which succeeds', () => {
      assert.ok(lines.length > 4)
      assert.ok(countProcesses(place.path) > 0)
      for (const line of lines) {
        const {status, stderr} = spawnSync('sh', ['-c', line], {cwd: place.path, env: surroundings, encoding: 'utf8'})
        assert.equal(status, 0, `${line}: ${stderr}`)
      }
    })

    it('leaves no file of ours and no process', () => {
      assert.equal(countProcesses(place.path), 0)
      const ours = readdirSync(place.path, {recursive: true, encoding: 'utf8'}).filter(
        (path) => !path.startsWith('prefix') && statSync(join(place.path, path)).isFile(),
      )
      assert.deepEqual(ours, [])
      assert.deepEqual(readdirSync(join(place.path, 'run')), [])
    })
  })

  it('names only commands and flags that there are', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, {flags: object}>
    }
    const ids = Object.keys(manifest.commands).map((id) => id.replaceAll(':', ' '))
    const flags = new Set([
      'global',
      'help',
      ...Object.values(manifest.commands).flatMap((command) => Object.keys(command.flags)),
    ])
    const words = [...readme.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word)
    const calls = [...words, ...steps.map(({command}) => command)].flatMap(
      (word) => /\bruncode ([a-z].*)/.exec(word)?.[1] ?? [],
    )
    assert.ok(calls.length > 10)
    assert.deepEqual(
      calls.filter((call) => !ids.some((id) => `${call} `.startsWith(`${id} `))),
      [],
    )
    const named = words
      .filter((word) => !word.startsWith('npm'))
      .flatMap((word) => [...word.matchAll(/(?:^| )--([a-z-]+)/g)].map(([, flag = '']) => flag))
    assert.deepEqual(
      named.filter((flag) => !flags.has(flag)),
      [],
    )
  })

  it('has no link that leads nowhere', () => {
    const targets = [...readme.matchAll(/\]\((?!https:)([^)#]+)/g)].map(([, target = '']) => target)
    for (const target of targets) assert.ok(existsIn(target), target)
  })
})

const existsIn = (path: string): boolean => {
  try {
    readFileSync(join(ROOT, path))
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR'
  }
}
