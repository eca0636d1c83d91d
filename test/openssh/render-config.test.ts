import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {run} from '../../src/core/process.ts'
import {routeByUs} from '../../src/openssh/proxy-command.ts'
import {renderConfig, type SshTarget} from '../../src/openssh/render-config.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const target: SshTarget = {
  alias: 'runcode-calm-reed',
  host: 'ssh.example.com',
  port: 2222,
  user: 'calm-reed',
  hostKeys: [
    {type: 'ssh-ed25519', base64: 'AAAA'},
    {type: 'ssh-rsa', base64: 'BBBB'},
    {type: 'ssh-ed25519', base64: 'CCCC'},
  ],
  identityFile: '/state/g1/id_ed25519',
  certificateFile: undefined,
  knownHostsFile: '/state/g1/known_hosts',
  controlPath: '/run/c1',
  route: [],
}

const GOLDEN = `Host runcode-calm-reed
  IgnoreUnknown KnownHostsCommand
  HostName ssh.example.com
  Port 2222
  User calm-reed
  IdentityFile "/state/g1/id_ed25519"
  IdentitiesOnly yes
  IdentityAgent none
  AddKeysToAgent no
  UserKnownHostsFile "/state/g1/known_hosts"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  HostKeyAlgorithms ssh-ed25519,rsa-sha2-512,rsa-sha2-256
  UpdateHostKeys no
  VerifyHostKeyDNS no
  KnownHostsCommand none
  CheckHostIP no
  CanonicalizeHostname no
  PreferredAuthentications publickey
  PubkeyAuthentication yes
  PasswordAuthentication no
  KbdInteractiveAuthentication no
  HostbasedAuthentication no
  BatchMode yes
  ForwardAgent no
  ForwardX11 no
  PermitLocalCommand no
  RemoteCommand none
  Tunnel no
  ConnectTimeout 15
  ServerAliveInterval 15
  ServerAliveCountMax 3
  ControlMaster no
  ControlPath "/run/c1"
  ControlPersist 600
`

describe('renderConfig()', () => {
  const folder = temporaryFolder()

  /** What the real ssh makes of it, as one value or more for each keyword. */
  const resolve = async (one: SshTarget, home = '/nowhere'): Promise<Map<string, string[]>> => {
    const file = join(folder.path, 'config')
    writeFileSync(file, renderConfig(one))
    const env = {PATH: process.env['PATH'], HOME: home, SSH_AUTH_SOCK: '/tmp/agent'}
    const {ending, stdout, stderr} = await run('ssh', ['-G', '-T', '-F', file, one.alias], {env})
    assert.deepEqual([ending, stderr], [{kind: 'exited', code: 0}, ''])
    const values = new Map<string, string[]>()
    for (const line of stdout.trim().split('\n')) {
      const [keyword = '', ...words] = line.split(' ')
      values.set(keyword, [...(values.get(keyword) ?? []), words.join(' ')])
    }
    return values
  }

  it('gives this text and no other', () => assert.equal(renderConfig(target), GOLDEN))

  it('gives no control lines where there is no control path', () => {
    const {controlPath: _none, ...rest} = target
    assert.equal(
      renderConfig({...rest, controlPath: undefined}),
      GOLDEN.replace('  ControlPath "/run/c1"\n  ControlPersist 600\n', '  ControlPath none\n'),
    )
  })

  it('names our ProxyCommand last where the way to the gateway is ours, and ssh expands it', async () => {
    const route = routeByUs({node: '/opt/100% node/node', script: '/opt/run.js'}, [
      'proxy',
      '--gateway',
      'work',
      '%h',
      '%p',
    ])
    const command = '/usr/bin/env NODE_CHANNEL_FD=1 "/opt/100%% node/node" "/opt/run.js" proxy --gateway work %h %p'
    assert.equal(renderConfig({...target, route}), `${GOLDEN}  ProxyCommand ${command}\n  ProxyUseFdpass yes\n`)
    const values = await resolve({...target, route})
    assert.deepEqual([values.get('proxycommand'), values.get('proxyusefdpass')], [[command], ['yes']])
  })

  it('is what the real ssh will do', async () => {
    const values = await resolve(target)
    const wanted = {
      hostname: 'ssh.example.com',
      port: '2222',
      user: 'calm-reed',
      identityfile: '/state/g1/id_ed25519',
      identitiesonly: 'yes',
      identityagent: 'none',
      addkeystoagent: 'false',
      userknownhostsfile: '/state/g1/known_hosts',
      globalknownhostsfile: '/dev/null',
      stricthostkeychecking: 'true',
      hostkeyalgorithms: 'ssh-ed25519,rsa-sha2-512,rsa-sha2-256',
      updatehostkeys: 'false',
      verifyhostkeydns: 'false',
      checkhostip: 'no',
      canonicalizehostname: 'false',
      preferredauthentications: 'publickey',
      passwordauthentication: 'no',
      kbdinteractiveauthentication: 'no',
      hostbasedauthentication: 'no',
      gssapiauthentication: 'no',
      batchmode: 'yes',
      forwardagent: 'no',
      forwardx11: 'no',
      permitlocalcommand: 'no',
      tunnel: 'false',
      connecttimeout: '15',
      serveraliveinterval: '15',
      serveralivecountmax: '3',
      controlmaster: 'false',
      controlpath: '/run/c1',
      controlpersist: '600',
    }
    const found = Object.fromEntries(Object.keys(wanted).map((keyword) => [keyword, values.get(keyword)?.join(' + ')]))
    assert.deepEqual(found, wanted)
    for (const keyword of [
      'proxycommand',
      'proxyjump',
      'localforward',
      'sendenv',
      'setenv',
      'certificatefile',
      'remotecommand',
    ])
      assert.deepEqual(values.get(keyword)?.filter((value) => value !== 'none') ?? [], [], keyword)
  })

  it('lets nothing of the user in, however hostile the configuration in the home directory', async () => {
    mkdirSync(join(folder.path, '.ssh'), {mode: 0o700})
    writeFileSync(
      join(folder.path, '.ssh/config'),
      'Host *\n  StrictHostKeyChecking no\n  User evil\n  IdentityFile ~/.ssh/mine\n  ProxyCommand touch %d/ran\n  ForwardAgent yes\n  SendEnv *\n  LocalForward 1 x:1\n',
      {mode: 0o600},
    )
    assert.deepEqual(await resolve(target, folder.path), await resolve(target))
  })

  for (const name of ['with blanks', '100%', '%h%%d', 'größe', "it's", '#x', 'a#b', '~', '$HOME', 'a=b', '日本']) {
    it(`carries a path with ${JSON.stringify(name)} unchanged`, async () => {
      const at = `/state/${name}/`
      const paths = {identityFile: `${at}id`, knownHostsFile: `${at}known`, controlPath: `${at}c`}
      const values = await resolve({...target, ...paths})
      assert.deepEqual(
        ['identityfile', 'userknownhostsfile', 'controlpath'].map((keyword) => values.get(keyword)),
        // ssh expands the path of a key only when it connects; ssh -G prints it with %% for % still.
        [[paths.identityFile.replaceAll('%', '%%')], [paths.knownHostsFile], [paths.controlPath]],
      )
    })
  }

  // biome-ignore lint/suspicious/noTemplateCurlyInString: ssh_config expands this form.
  for (const name of ['a"b', 'a\\b', 'a\nb', 'a\u0000b', '${HOME}']) {
    it(`refuses a path with ${JSON.stringify(name)}`, () => {
      for (const field of ['identityFile', 'knownHostsFile', 'controlPath'])
        assert.throws(() => renderConfig({...target, [field]: `/state/${name}`}), {
          name: 'UnsafePathError',
          code: 'unsafe_folder',
        })
    })
  }

  it('has our directives only, one line each, for any target that was parsed', () => {
    const keywords = GOLDEN.trim()
      .split('\n')
      .map((line) => line.trim().split(' ')[0])
    const targets = fc.record({
      host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
      port: fc.integer({min: 1, max: 65_535}),
      user: fc.stringMatching(/^[A-Za-z0-9._][A-Za-z0-9._-]{0,20}$/),
      path: fc.string({unit: 'binary'}).map((text) => `/${text}`),
    })
    fc.assert(
      fc.property(targets, ({host, port, user, path}) => {
        try {
          const text = renderConfig({...target, host, port, user, alias: `runcode-${user}`, identityFile: path})
          assert.deepEqual(
            text
              .trim()
              .split('\n')
              .map((line) => line.trim().split(' ')[0]),
            keywords,
          )
        } catch (error) {
          assert.equal((error as Error).name, 'UnsafePathError')
        }
      }),
    )
  })
})
