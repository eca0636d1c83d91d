import assert from 'node:assert/strict'
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Profile, type Profiles, parseProfileName} from '../../src/profile/profile.ts'
import {changeProfiles, profilesFile, readProfiles, writeProfiles} from '../../src/profile/profile-file.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const work: Profile = {
  provider: 'runcode',
  apiBase: 'https://work.example.com',
  webBase: 'https://web.example.com',
  caFile: '/etc/ca.pem',
  store: 'keychain',
}
const local: Profile = {
  provider: 'runcode',
  apiBase: 'https://localhost:4443',
  webBase: undefined,
  caFile: undefined,
  store: undefined,
}
const both: Profiles = {
  default: parseProfileName('work'),
  profiles: new Map([
    [parseProfileName('work'), work],
    [parseProfileName('local'), local],
  ]),
}

describe('the file of profiles', () => {
  const folder = temporaryFolder()
  const config = (): string => join(folder.path, 'config')

  it('gives back what was written, in a private file', async () => {
    await writeProfiles(config(), both)
    assert.deepEqual(await readProfiles(config()), both)
    assert.equal(statSync(profilesFile(config())).mode & 0o777, 0o600)
    await writeProfiles(config(), {...both, default: undefined})
    assert.deepEqual(await readProfiles(config()), {...both, default: undefined})
  })

  it('has this form', async () => {
    await writeProfiles(config(), both)
    assert.deepEqual(JSON.parse(readFileSync(profilesFile(config()), 'utf8')), {
      version: 1,
      default: 'work',
      profiles: {
        work: {
          provider: 'runcode',
          api_base: 'https://work.example.com',
          web_base: 'https://web.example.com',
          ca_file: '/etc/ca.pem',
          store: 'keychain',
        },
        local: {provider: 'runcode', api_base: 'https://localhost:4443'},
      },
    })
  })

  it('keeps an ssh_proxy', async () => {
    const sshProxy = new URL('http://me:a%20b@proxy.example.test:3128')
    const profiles: Profiles = {
      default: undefined,
      profiles: new Map([[parseProfileName('work'), {...work, sshProxy}]]),
    }
    await writeProfiles(config(), profiles)
    assert.equal(
      JSON.parse(readFileSync(profilesFile(config()), 'utf8')).profiles.work.ssh_proxy,
      'http://me:a%20b@proxy.example.test:3128',
    )
    assert.equal((await readProfiles(config())).profiles.get(parseProfileName('work'))?.sshProxy?.href, sshProxy.href)
  })

  it('is named with the field or the line that is wrong, and nothing of what is a password', async () => {
    mkdirSync(config(), {mode: 0o700})
    const profile = (field: string): string =>
      `{"version":1,"profiles":{"a":{"provider":"runcode","api_base":"https://x",\n${field}}}}`
    for (const [text, why] of [
      [
        profile('"ssh_proxy":"http://me:secret@proxy/x"'),
        /: the ssh_proxy of "a" is not of the form http:\/\/\[user:password@\]host\[:port\]\.$/,
      ],
      ['{"version":1,"profiles":{"A b":{}}}', /: "A b" cannot be the name of a profile\.$/],
      [profile('"ssh-proxy":"http://me:secret@proxy"'), /: the field "ssh-proxy" of "a" is not known\.$/],
      [profile('"ssh_proxy":"http://me:secret"@proxy"'), /: it is not JSON \(line 2\)\.$/],
      // Of a piece that it shows, Node tells no position.
      [profile('"ssh_proxy":secret'), /: it is not JSON(?: \(line 2\))?\.$/],
    ] as const) {
      writeFileSync(profilesFile(config()), text)
      await assert.rejects(readProfiles(config()), ({message}: Error) => {
        assert.match(message, why)
        return !message.includes('secret')
      })
    }
  })

  it('is not there where there are no profiles', async () => {
    const none: Profiles = {default: undefined, profiles: new Map()}
    assert.deepEqual(await readProfiles(config()), none)
    await writeProfiles(config(), both)
    await writeProfiles(config(), none)
    assert.equal(existsSync(profilesFile(config())), false)
  })

  it('is not read from a folder that is open to others, who could say where tokens are asked for', async () => {
    await writeProfiles(config(), both)
    chmodSync(config(), 0o770)
    await assert.rejects(readProfiles(config()), {code: 'unsafe_folder'})
  })

  for (const [why, text] of Object.entries({
    'it is empty': '',
    'it is cut': '{"version":1,"profiles":{',
    'it is null': 'null',
    'it is a list': '[]',
    'its version is another': '{"version":2,"profiles":{}}',
    'it has no profiles': '{"version":1}',
    'its profiles are a list': '{"version":1,"profiles":[]}',
    'a name is none': '{"version":1,"profiles":{"A B":{"provider":"runcode","api_base":"https://x"}}}',
    'a name leads out of a folder': '{"version":1,"profiles":{"..":{"provider":"runcode","api_base":"https://x"}}}',
    'a name is the environment’s':
      '{"version":1,"profiles":{"environment":{"provider":"runcode","api_base":"https://x"}}}',
    'a name is __proto__': '{"version":1,"profiles":{"__proto__":{"provider":"runcode","api_base":"https://x"}}}',
    'a profile is null': '{"version":1,"profiles":{"a":null}}',
    'a provider is not known': '{"version":1,"profiles":{"a":{"provider":"x","api_base":"https://x"}}}',
    'an address is missing': '{"version":1,"profiles":{"a":{"provider":"runcode"}}}',
    'a store is not known':
      '{"version":1,"profiles":{"a":{"provider":"runcode","api_base":"https://x","store":"cloud"}}}',
    'an address of a page is no text':
      '{"version":1,"profiles":{"a":{"provider":"runcode","api_base":"https://x","web_base":1}}}',
    'a field is not known':
      '{"version":1,"profiles":{"a":{"provider":"runcode","api_base":"https://x","sshProxy":"http://x"}}}',
    'an ssh_proxy is no text':
      '{"version":1,"profiles":{"a":{"provider":"runcode","api_base":"https://x","ssh_proxy":null}}}',
    'its default is not there': '{"version":1,"default":"b","profiles":{}}',
    'its default is no name': '{"version":1,"default":{"a":1},"profiles":{}}',
  })) {
    it(`is refused, and left as it is, where ${why}`, async () => {
      mkdirSync(config(), {mode: 0o700})
      writeFileSync(profilesFile(config()), text)
      await assert.rejects(readProfiles(config()), {
        name: 'DamagedProfilesError',
        code: 'file_error',
        facts: {path: profilesFile(config())},
      })
      assert.equal(readFileSync(profilesFile(config()), 'utf8'), text)
    })
  }

  it('is not written into a folder that is open to others', async () => {
    mkdirSync(config())
    chmodSync(config(), 0o755)
    await assert.rejects(writeProfiles(config(), both), {code: 'unsafe_folder'})
    assert.equal(existsSync(profilesFile(config())), false)
  })

  it('is cleared of what was half written at the next change', async () => {
    mkdirSync(config(), {mode: 0o700})
    writeFileSync(`${profilesFile(config())}.0123456789ab.tmp`, '{')
    await changeProfiles(config(), () => both)
    assert.deepEqual(readdirSync(config()), ['profiles.json'])
  })

  it('loses no change of two that are made at once', async () => {
    const add = (name: string): Promise<void> =>
      changeProfiles(config(), ({profiles, ...rest}) => ({
        ...rest,
        profiles: new Map(profiles).set(parseProfileName(name), local),
      }))
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(add))
    assert.deepEqual([...(await readProfiles(config())).profiles.keys()].toSorted(), ['a', 'b', 'c', 'd', 'e'])
  })
})

describe('parseProfileName()', () => {
  it('takes 1 to 20 of a-z, 0-9 and "-"', () => {
    for (const name of ['a', '0', '-', 'my-team-2', 'a'.repeat(20)]) assert.equal(parseProfileName(name), name)
    for (const name of ['', 'A', 'a b', 'a\n', 'ä', 'a_b', '.', 'a'.repeat(21), 'environment'])
      assert.throws(() => parseProfileName(name), {name: 'InvalidProfileNameError', code: 'usage'}, name)
  })
})
