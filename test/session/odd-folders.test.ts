import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {run} from '../../src/core/process.ts'
import {GOOD_BUNDLE, Machine, NOW} from '../actions/hostile-mint.ts'
import {type RawServer, startRawServer} from '../support/raw-server.ts'

/** Homes have names that mean something to ssh_config, to shells and to terminals. */
describe('a session in a folder', () => {
  let gateway: RawServer
  before(async () => {
    gateway = await startRawServer((socket) => void socket.once('data', () => socket.destroy()))
  })
  after(() => gateway.close())

  const saying = () => ({bundle: {...GOOD_BUNDLE, host: '127.0.0.1', port: gateway.port}, date: NOW, isLocal: true})

  for (const name of [
    'with blanks',
    ' ',
    ' behind and before ',
    '100%',
    '%h%%d%',
    'größe',
    'e\u0301',
    "it's",
    "'",
    '#x',
    'a #b',
    '~',
    '$HOME',
    '$(id)',
    '`id`',
    '{a}',
    'a=b',
    'a;b|c&d',
    '*?[!',
    '-oProxyCommand=id',
    'none',
    '日本',
    '\u202e',
    '\u00a0',
  ]) {
    it(`called ${JSON.stringify(name)} is where the real ssh looks for its files`, async () => {
      const machine = new Machine(name)
      try {
        const {session} = await machine.mint(saying())
        const {folder, controlPath, configFile, alias} = session
        assert.equal(controlPath?.startsWith(join(machine.root, 'sockets')), true)
        const resolved = await machine.resolve(session)
        assert.ok(resolved.includes(`userknownhostsfile ${join(folder, 'known_hosts')}`))
        assert.ok(resolved.includes(`controlpath ${controlPath}`))
        // The path of a key is expanded when it is opened only; the type of one that is not found is -1.
        const {stderr} = await run('ssh', ['-v', '-F', configFile, alias, 'true'], {env: machine.env})
        const [, path, type] = /identity file (.*) type (-?\d+)\r?\n/.exec(stderr) ?? []
        assert.deepEqual([shown(path ?? stderr), type === '-1'], [shown(join(folder, 'id_ed25519')), false])
      } finally {
        machine.remove()
      }
    })
  }

  // biome-ignore lint/suspicious/noTemplateCurlyInString: ssh_config expands this form.
  for (const name of ['a"b', 'a\\b', 'a\nb', 'a\rb', 'a\tb', '\u001b[2J', 'a\u007fb', '${HOME}', 'a${']) {
    it(`called ${JSON.stringify(name)} is refused by name, before a pass is asked for`, async () => {
      const machine = new Machine(name)
      try {
        const before = machine.tree()
        const asked = machine.mint(() => assert.fail('asked'))
        await assert.rejects(asked, {
          code: 'unsafe_folder',
          message: `ssh cannot be given the path ${JSON.stringify(join(machine.root, 'state/sessions/x/41'))}.`,
          hint: 'Set XDG_STATE_HOME to a folder without quotes, backslashes, control characters or "${" in its path.',
        })
        assert.deepEqual(machine.tree(), before)
      } finally {
        machine.remove()
      }
    })
  }

  it('has a config that names no folder but its own', async () => {
    const machine = new Machine()
    try {
      const {session} = await machine.mint(saying())
      const quoted = readFileSync(session.configFile, 'utf8').match(/"[^"]*"/g)
      assert.deepEqual(
        quoted?.map((path) => path.startsWith(`"${machine.root}/`)),
        [true, true, true],
      )
    } finally {
      machine.remove()
    }
  })
})

/** ssh writes bytes that are no ASCII into its log as octal numbers. */
const shown = (path: string): string =>
  [
    ...Buffer.from(
      path.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
      /\\\d{3}/.test(path) ? 'latin1' : 'utf8',
    ),
  ].join()
