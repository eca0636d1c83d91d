import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join, relative} from 'node:path'
import {runDoctor} from '../../../src/actions/run-doctor.ts'
import {RuncodeError} from '../../../src/core/errors.ts'
import {BEGIN, END} from '../../../src/user-ssh-config/block.ts'
import {type ConfigStage, startConfigStage} from '../../support/config-stage.ts'

const USERS =
  'Host github.com\r\n  User git\r\n\r\nHost *\r\n\tCompression yes # all of them\r\nMatch host x\r\n  Port 7'
const DEMO = {id: 1, title: 'demo', custom_title: 'Payments API'}
const API = {id: 2, title: 'api'}
const THEIRS = {id: 7, title: 'theirs'}

describe('making workspaces hosts of the user’s own ssh', function () {
  this.timeout(60_000)
  let stage: ConfigStage
  const hostsIn = (text: string): readonly string[] =>
    [...text.matchAll(/^Host (runcode\.\S+)\r?$/gm)].map(([, host = '']) => host)
  const hosts = (): readonly string[] => hostsIn(stage.read())
  /** What ssh would do for a host, by the file. */
  const ask = (host: string): ReadonlyMap<string, string> => {
    const {stdout, status} = spawnSync('ssh', ['-G', '-F', stage.file, host], {encoding: 'utf8', env: {...stage.env}})
    assert.equal(status, 0)
    return new Map(stdout.split('\n').map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]))
  }
  /** The facts of a refusal. */
  const refusal = async (work: Promise<unknown>): Promise<Readonly<Record<string, unknown>>> => {
    const error = await work.then(
      () => assert.fail('it was not refused'),
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof RuncodeError, String(error))
    return {code: error.code, ...error.facts}
  }

  before(async () => {
    stage = await startConfigStage()
  })
  beforeEach(() => {
    stage.clear()
    stage.list('fake', [DEMO, API], [THEIRS])
  })
  after(() => stage.stop())

  it('works whatever else the file says, and is undone byte for byte', async () => {
    stage.write(USERS)
    chmodSync(stage.file, 0o640)
    const made = await stage.make()
    assert.deepEqual([made.isUpToDate, made.added], [false, ['runcode.demo', 'runcode.api']])
    assert.ok(stage.read().endsWith(`${END}\r\n${USERS}`))
    assert.equal(ask('runcode.demo').get('user'), 'demo')
    assert.match(ask('runcode.demo').get('proxycommand') ?? '', / "\/opt\/runcode\/bin\/run\.js" proxy fake\/1 demo$/)
    assert.deepEqual(
      [ask('github.com').get('user'), ask('x').get('port'), ask('y').get('compression')],
      ['git', '7', 'yes'],
    )
    const again = await stage.make()
    assert.deepEqual([again.isUpToDate, again.backup], [true, undefined])
    const removed = await stage.remove()
    assert.deepEqual([removed.isChanged, stage.read()], [true, USERS])
    assert.equal(statSync(stage.file).mode & 0o7777, 0o640)
    assert.deepEqual(readdirSync(join(stage.home, '.ssh')), ['config'])
    assert.equal((await stage.remove()).isChanged, false)
  })

  it('makes the file where there is none, and leaves none', async () => {
    assert.equal((await stage.make()).backup, undefined)
    assert.equal(statSync(stage.file).mode & 0o7777, 0o600)
    assert.equal((await stage.make()).isUpToDate, true)
    await stage.remove()
    assert.ok(!existsSync(stage.file))
    stage.write('')
    await stage.make()
    await stage.remove()
    assert.equal(stage.read(), '')
  })

  it('adds what is named to what is there, keeps it, and lets go of what was deleted', async () => {
    assert.deepEqual((await stage.make({workspaces: ['API']})).added, ['runcode.api'])
    assert.deepEqual((await stage.make({workspaces: ['7']})).added, ['runcode.theirs'])
    assert.deepEqual(hosts(), ['runcode.api', 'runcode.theirs'])
    await stage.make()
    assert.deepEqual(hosts(), ['runcode.demo', 'runcode.api', 'runcode.theirs'])
    stage.list(
      'fake',
      [
        {...DEMO, title: 'renamed'},
        {id: 9, title: 'Demo!'},
      ],
      [THEIRS],
    )
    const {removed, refused} = await stage.make()
    assert.deepEqual(removed, [
      {alias: 'runcode.demo', why: 'it is runcode.renamed now'},
      {alias: 'runcode.api', why: 'the workspace 2 of fake is not there any more'},
    ])
    assert.deepEqual(refused, [{id: '9', title: 'Demo!', why: 'its title cannot be a user of SSH'}])
    assert.deepEqual(hosts(), ['runcode.renamed', 'runcode.theirs'])
    stage.list('fake', [])
    await stage.make()
    assert.ok(!existsSync(stage.file))
  })

  it('keeps the hosts of several accounts, whoever comes first, under the names that they have now', async () => {
    stage.list('work', [{id: 1, title: 'demo'}])
    await stage.make()
    await stage.make({profile: 'work'})
    const both = stage.read()
    assert.deepEqual(hosts(), ['runcode.demo', 'runcode.api', 'runcode.work.demo'])
    await stage.remove()
    await stage.make({profile: 'work'})
    await stage.make()
    assert.equal(stage.read(), both)
    const profiles = join(stage.home, '.config/runcode/cli/profiles.json')
    const text = readFileSync(profiles, 'utf8')
    writeFileSync(profiles, text.replace('"default":"fake"', '"default":"work"'), {mode: 0o600})
    await stage.make()
    assert.deepEqual(hosts(), ['runcode.demo', 'runcode.fake.demo', 'runcode.fake.api'])
    assert.match(ask('runcode.demo').get('proxycommand') ?? '', /work\/1/)
    const {default: _default, profiles: all} = JSON.parse(text) as {default: string; profiles: {work: unknown}}
    writeFileSync(profiles, JSON.stringify({version: 1, default: 'work', profiles: {work: all.work}}), {mode: 0o600})
    await stage.make()
    assert.deepEqual(hosts(), ['runcode.demo'])
  })

  it('only says what would change where that is all that is wanted', async () => {
    stage.write(USERS)
    for (const mode of ['check', 'dry-run'] as const) {
      const {isUpToDate, added, diff} = await stage.make({mode})
      assert.deepEqual([isUpToDate, added, stage.read()], [false, ['runcode.demo', 'runcode.api'], USERS])
      assert.match(diff, /^--- \S+\n\+\+\+ \S+\n@@ -1,3 \+1,\d+ @@\n\+# >>> runcode managed block/)
    }
    await stage.make()
    const made = stage.read()
    assert.equal((await stage.make({mode: 'check'})).isUpToDate, true)
    assert.match((await stage.remove({isDryRun: true})).diff, /^-# <<< runcode managed block/m)
    stage.list('fake', [DEMO])
    assert.equal((await stage.make({mode: 'check'})).isUpToDate, false)
    assert.equal(stage.read(), made)
  })

  it('notices that what an entry says is not what it would say now', async () => {
    await stage.make()
    const program = {node: '/usr/bin/node', script: '/opt/moved/bin/run.js'}
    const {isUpToDate, updated, added} = await stage.make({mode: 'check', program})
    assert.deepEqual([isUpToDate, updated, added], [false, ['runcode.demo', 'runcode.api'], []])
  })

  it('keeps a copy each time, and puts any back, and what it was put in the place of', async () => {
    stage.write(USERS)
    const {backup = ''} = await stage.make()
    assert.equal(readFileSync(backup, 'latin1'), USERS)
    assert.equal(statSync(backup).mode & 0o7777, 0o600)
    stage.write('')
    assert.equal((await stage.restore()).isChanged, true)
    assert.equal(stage.read(), USERS)
    await stage.restore()
    assert.equal(stage.read(), '')
    const name = backup.split('/').at(-1)
    assert.equal((await stage.restore(name)).restored, name)
    assert.equal(stage.read(), USERS)
    const none = await refusal(stage.restore('1999'))
    assert.deepEqual([none['code'], (none['backups'] as readonly string[]).length], ['not_found', 4])
  })

  it('refuses what it does not understand, and writes nothing', async () => {
    const theirs = `Host a\n${BEGIN}\n# demo (id 1)\nHost runcode.demo\n  User demo\n${END}\n`
    for (const [text, code] of [
      [`Host a\n${BEGIN}\nHost b\n`, 'block_damaged'],
      [theirs, 'block_foreign'],
      ['Host a\n  NoSuchOption x\n', 'config_unsafe'],
      ['Host runcode.demo\n  Port 7\n', 'config_unsafe'],
    ] as const) {
      stage.write(text)
      assert.equal((await refusal(stage.make()))['code'], code)
      if (code.startsWith('block')) assert.equal((await refusal(stage.remove()))['code'], code)
      assert.equal(stage.read(), text)
    }
    stage.write(theirs)
    await stage.make({adopt: true})
    assert.deepEqual([stage.read().startsWith(BEGIN), stage.read().endsWith(`${END}\nHost a\n`)], [true, true])
    stage.write(theirs)
    await stage.remove({adopt: true})
    assert.equal(stage.read(), 'Host a\n')
  })

  it('makes every ssh read more than 200 hosts only where it is told to, and tells what that costs', async () => {
    stage.list(
      'fake',
      Array.from({length: 201}, (_, at) => ({id: at + 1, title: `box-${at + 1}`})),
    )
    assert.deepEqual(await refusal(stage.make()), {code: 'usage', hosts: 201})
    assert.ok(!existsSync(stage.file))
    stage.write('Host runcode.*9\n  SetEnv A=b\n')
    await stage.make({all: true})
    assert.equal(hosts().filter((host) => host.startsWith('runcode.box-')).length, 201)
    assert.match(stage.said.join('\n'), /reads 201 hosts first: about \d+ ms each time here/)
    // Of so many only some are asked about; those first that the file has a section for.
    assert.match(stage.said.join('\n'), /\(setenv A=b\) also applies to runcode\.box-\d*9,/)
  })

  it('refuses a workspace that it cannot name', async () => {
    for (const [name, code] of [
      ['99', 'not_found'],
      ['nobody', 'not_found'],
      ['work:demo', 'not_found'],
      ['', 'usage'],
    ] as const)
      assert.equal((await refusal(stage.make({workspaces: [name]})))['code'], code)
    assert.equal((await refusal(stage.make({workspaces: ['fake:demo', 'work:demo']})))['code'], 'usage')
    stage.list('fake', [DEMO], [{id: 8, title: 'demo'}])
    await stage.make({all: true})
    assert.equal((await refusal(stage.make({workspaces: ['8']})))['code'], 'ambiguous')
    assert.deepEqual(hosts(), ['runcode.demo'])
  })

  describe('in a file of its own', () => {
    it('puts one line into the user’s, stays with that, and takes both away', async () => {
      stage.write(USERS)
      await stage.make()
      const made = await stage.make({include: true})
      assert.deepEqual([made.includedFile, made.added], [stage.included, []])
      assert.deepEqual(stage.read().split('\r\n').slice(2, 5), [`Include "${stage.included}"`, END, 'Host github.com'])
      assert.equal(statSync(stage.included).mode & 0o7777, 0o600)
      assert.deepEqual([ask('runcode.demo').get('user'), ask('z').get('compression')], ['demo', 'yes'])
      stage.list('fake', [DEMO])
      await stage.make()
      assert.deepEqual([hosts(), hostsIn(readFileSync(stage.included, 'utf8'))], [[], ['runcode.demo']])
      assert.equal((await stage.make()).isUpToDate, true)
      await stage.remove()
      assert.deepEqual([stage.read(), existsSync(stage.included)], [USERS, false])
    })

    it('gives the line for a file that is made elsewhere, and leaves that alone from then on', async () => {
      stage.write('Host a\n')
      chmodSync(stage.file, 0o400)
      const {code, paste} = await refusal(stage.make({include: true}))
      assert.deepEqual([code, paste], ['config_read_only', `Include "${stage.included}"`])
      stage.write(`${paste}\nHost a\n`)
      chmodSync(stage.file, 0o400)
      assert.equal((await stage.make()).isUpToDate, true)
      assert.equal(ask('runcode.api').get('user'), 'api')
      stage.list('fake', [DEMO])
      assert.equal((await stage.make()).isUpToDate, false)
      assert.deepEqual(hostsIn(readFileSync(stage.included, 'utf8')), ['runcode.demo'])
      await stage.remove()
      assert.match(stage.said.join(), /is yours to take out/)
    })

    it('knows the line in each form that ssh takes', async () => {
      for (const line of [
        `Include ${stage.included}`,
        `include="${stage.included}" # ours`,
        `Include /nowhere ~/${relative(stage.home, stage.included)}`,
        `Include ${relative(join(stage.home, '.ssh'), stage.included)}`,
      ]) {
        stage.write(`${line}\nHost a\n`)
        await stage.make()
        assert.deepEqual([stage.read(), ask('runcode.api').get('user')], [`${line}\nHost a\n`, 'api'], line)
      }
    })

    it('says where the line stands behind others, which count before it', async () => {
      for (const above of ['Host github.com\n  User git\n', 'Host *\n  User bob\n', 'StrictHostKeyChecking no\n']) {
        stage.said.length = 0
        stage.write(`${above}Include ${stage.included}\n`)
        await stage.make()
        assert.match(stage.said[0] ?? '', /runcode\.demo.* Put the line that includes \S+ before all others\.$/)
      }
      stage.said.length = 0
      stage.write(`Include ${stage.included}\nHost *\n  User bob\n`)
      await stage.make()
      assert.doesNotMatch(stage.said.join(), /Put the line/)
    })

    it('says where a copy that is put back includes what is gone', async () => {
      stage.write('Host a\n')
      await stage.make({include: true})
      await stage.restore()
      assert.doesNotMatch(stage.said.join(), /not there any more/)
      await stage.restore()
      assert.deepEqual([ask('runcode.api').get('user'), /not there any more/.test(stage.said.join())], ['api', false])
      await stage.remove()
      await stage.restore()
      assert.match(stage.said.at(-1) ?? '', /ssh_config, which is not there any more\. Write the entries again/)
      const found = (await runDoctor(stage.context, {profile: undefined, version: '1.2.3', fix: false})).checks.find(
        ({name}) => name === 'ssh-config',
      )
      assert.deepEqual(
        [found?.status, found?.detail],
        ['warn', `${stage.file} includes ${stage.included}, which is not there`],
      )
      await stage.make()
      assert.equal(ask('runcode.api').get('user'), 'api')
    })

    it('leaves lines of others in it alone', async () => {
      await stage.make({include: true})
      writeFileSync(stage.included, `${readFileSync(stage.included, 'utf8')}Host mine\n`)
      const {code, path} = await refusal(stage.make())
      assert.deepEqual([code, path], ['block_foreign', stage.included])
    })
  })

  it('gives the text for a file that is read-only, and is content with it once it is there', async () => {
    stage.write('Host a\n')
    chmodSync(stage.file, 0o444)
    const {code, paste} = await refusal(stage.make())
    assert.deepEqual([code, stage.read()], ['config_read_only', 'Host a\n'])
    stage.write(`${paste}\nHost a\n`)
    chmodSync(stage.file, 0o444)
    assert.equal((await stage.make()).isUpToDate, true)
    assert.equal((await refusal(stage.remove()))['paste'], undefined)
  })

  it('writes into another file that is named, from where it is run', async () => {
    mkdirSync(join(stage.home, 'dotfiles'))
    const {file} = await stage.make({file: 'dotfiles/ssh'})
    assert.equal(file, join(stage.home, 'dotfiles/ssh'))
    assert.deepEqual([stage.said, existsSync(stage.file)], [[], false])
  })

  it('shares connections only where it was asked to, and until it is told not to', async () => {
    const shared = (): string | undefined => ask('runcode.demo').get('controlmaster')
    await stage.make()
    assert.equal(shared(), 'false')
    await stage.make({multiplex: true})
    assert.equal(shared(), 'auto')
    assert.equal((await stage.make()).isUpToDate, true)
    await stage.make({multiplex: false})
    assert.equal(shared(), 'false')
  })
})
