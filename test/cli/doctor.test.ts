import assert from 'node:assert/strict'
import {chmodSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type FlightStage, startFlightStage} from '../support/flight-stage.ts'
import {skip} from '../support/skip.ts'

const WELL = `This machine: well
Folders: well
SSH: well
Hosts of config-ssh: well, 5 not checked
Account: well
Control plane: well
`

describe('doctor, as a person runs it', function () {
  this.timeout(60_000)
  let stage: FlightStage

  before(async function () {
    const started = await startFlightStage()
    if (started === undefined) return skip(this, 'no sshd')
    stage = started
    await stage.attach()
    assert.equal((await stage.run(['exec', '--', 'true'])).status, 0)
  })
  after(() => stage?.stop())

  const here = (text: string): string => text.replaceAll(stage.home, 'HOME').replaceAll(String(stage.sshd.port), 'PORT')

  it('is quiet where all is well, with the key of the gateway', async () => {
    const {status, stdout, stderr} = await stage.run(['doctor'])
    assert.deepEqual([status, stdout, stderr], [0, `${WELL}Workspace here: well\n`, ''])
    const {stdout: all} = await stage.run(['doctor', '--verbose'])
    assert.match(all, /^ {2}ok {4}host-key {7}127\.0\.0\.1 shows the key that is pinned$/m)
    assert.match(all, /^ {2}ok {4}gateway {8}127\.0\.0\.1 port \d+ answers \(SSH-2\.0-OpenSSH_\S+.*\)$/m)
    assert.match(all, /^ {2}ok {4}tls {12}"runcode server \S+" vouches for it, for \d+ days$/m)
    assert.match(all, /^ {2}skip {2}ssh-files {6}not checked: there are no entries of config-ssh$/m)
    // It asks for nothing that it does not show: once without the token, and for the two lists with it.
    const tokens = stage.plane.requests.slice(-3).map(({method, authorization}) => `${method} ${authorization}`)
    assert.deepEqual(tokens.toSorted(), ['GET Token rc_test-token', 'GET Token rc_test-token', 'GET undefined'])
  })

  it('mends what is ours, says what it did, and has one object for programs', async () => {
    const secrets = join(stage.home, '.config/runcode/cli/credentials.json')
    chmodSync(secrets, 0o644)
    const {status, stdout} = await stage.run(['doctor'])
    const line = (text: string): string => `                         ${text}\n`
    assert.deepEqual(
      [status, here(stdout)],
      [
        1,
        `${WELL.replace(
          'Folders: well\n',
          `Folders: 1 wrong\n  fail  secrets        HOME/.config/runcode/cli/credentials.json is open to others\n${line(
            'Others may have read it. Close it (chmod 600 <file>), and take a new token where one was in it.',
          ).slice(2)}`,
        )}Workspace here: well\nSome of it can be mended: runcode doctor --fix\n`,
      ],
    )
    const fixed = JSON.parse((await stage.run(['doctor', '--fix', '--json'])).stdout)
    assert.deepEqual(Object.keys(fixed), ['ok', 'fixed', 'checks'])
    assert.deepEqual(fixed.fixed, [{name: 'secrets', did: `Took the rights of others from ${secrets}.`}])
    const {name, group, status: verdict, fixable} = fixed.checks[4]
    assert.deepEqual(
      {name, group, verdict, fixable},
      {name: 'secrets', group: 'Folders', verdict: 'ok', fixable: false},
    )
    assert.equal(statSync(secrets).mode & 0o777, 0o600)
  })

  it('tells a host key that is not the one that is pinned', async () => {
    await stage.endMaster()
    await stage.sshd.changeHostKey()
    const changed = await stage.run(['doctor'])
    assert.match(
      changed.stdout,
      /^ {2}fail {2}host-key {7}The gateway 127\.0\.0\.1 showed another host key than the pinned one: the server's key changed, or it is not that server\.$/m,
    )
    assert.equal(changed.status, 1)
    assert.ok(!changed.stdout.includes('OpenSSH said'), changed.stdout)
    const {checks} = JSON.parse((await stage.run(['doctor', '--json', '--verbose'])).stdout)
    const {ssh_said: words} = checks.find(({name}: {name: string}) => name === 'host-key')
    assert.ok(words.includes('Host key verification failed.'), String(words))
  })

  it('looks at all the rest where the profiles cannot be read', async () => {
    writeFileSync(join(stage.home, '.config/runcode/cli/profiles.json'), '{', {mode: 0o600})
    const {status, stdout} = await stage.run(['doctor', '--json'])
    const {checks} = JSON.parse(stdout)
    const failed = checks
      .filter((one: {status: string}) => one.status === 'fail')
      .map((one: {name: string}) => one.name)
    assert.equal(status, 1)
    assert.equal(failed[0], 'profile')
    assert.equal(checks.length, 28)
  })
})
