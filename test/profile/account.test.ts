import assert from 'node:assert/strict'
import {chooseAccount} from '../../src/profile/account.ts'
import {type Profile, type ProfileName, type Profiles, parseProfileName} from '../../src/profile/profile.ts'

const profile = (host: string): Profile => ({
  provider: 'runcode',
  apiBase: `https://${host}`,
  webBase: undefined,
  caFile: undefined,
  store: 'file',
})
const profiles = (...names: string[]): Map<ProfileName, Profile> =>
  new Map(names.map((name) => [parseProfileName(name), profile(`${name}.example.com`)]))

const some: Profiles = {default: parseProfileName('work'), profiles: profiles('work', 'home', 'team')}
const noDefault: Profiles = {...some, default: undefined}
const none: Profiles = {default: undefined, profiles: new Map()}

const choose = (all: Profiles, env: NodeJS.ProcessEnv, named: {flag?: string; workspace?: string} = {}): string => {
  const {name, apiBase, chosenBy} = chooseAccount(all, env, named)
  return `${name} ${apiBase} ${chosenBy}`
}

const BUILT_IN = 'runcode https://app.runcode.io built-in'
const TOKEN = {RUNCODE_TOKEN: 'rc_x'}
const BASE = {RUNCODE_API_BASE: 'https://env.example.com'}

describe('chooseAccount()', () => {
  for (const [why, all, env, named, wanted] of [
    ['nothing at all', none, {}, {}, BUILT_IN],
    ['profiles, but no default', noDefault, {}, {}, BUILT_IN],
    ['a default', some, {}, {}, 'work https://work.example.com default'],
    ['a token', some, TOKEN, {}, 'environment https://app.runcode.io environment'],
    ['an address', some, BASE, {}, 'environment https://env.example.com environment'],
    ['both', some, {...BASE, ...TOKEN}, {}, 'environment https://env.example.com environment'],
    ['RUNCODE_PROFILE', some, {RUNCODE_PROFILE: 'home'}, {}, 'home https://home.example.com environment'],
    [
      'RUNCODE_PROFILE beside both',
      some,
      {RUNCODE_PROFILE: 'home', ...BASE, ...TOKEN},
      {},
      'home https://home.example.com environment',
    ],
    [
      'a flag beside all of it',
      some,
      {RUNCODE_PROFILE: 'home', ...BASE, ...TOKEN},
      {flag: 'team'},
      'team https://team.example.com flag',
    ],
    [
      'a workspace with its profile',
      some,
      {RUNCODE_PROFILE: 'home', ...TOKEN},
      {flag: 'work', workspace: 'work'},
      'work https://work.example.com workspace',
    ],
    [
      'empty variables',
      some,
      {RUNCODE_PROFILE: '', RUNCODE_TOKEN: '', RUNCODE_API_BASE: ''},
      {},
      'work https://work.example.com default',
    ],
    ['the built-in account by its name', none, TOKEN, {flag: 'runcode'}, 'runcode https://app.runcode.io flag'],
  ] as const) {
    it(`with ${why} it is: ${wanted}`, () => assert.equal(choose(all, env, named), wanted))
  }

  it('gives a profile with all that it holds', () => {
    assert.deepEqual(chooseAccount(some, {}, {flag: 'home'}), {
      ...profile('home.example.com'),
      name: 'home',
      chosenBy: 'flag',
    })
  })

  it('takes a profile named "runcode" before the built-in account', () => {
    const own = {default: undefined, profiles: profiles('runcode')}
    assert.equal(choose(own, {}, {flag: 'runcode'}), 'runcode https://runcode.example.com flag')
  })

  it('has the web address of the public service only beside its own address', () => {
    assert.equal(chooseAccount(none, TOKEN, {}).webBase, 'https://runcode.io')
    assert.equal(chooseAccount(none, BASE, {}).webBase, undefined)
    const web = {RUNCODE_WEB_BASE: 'https://web.example.com'}
    assert.equal(chooseAccount(none, {...BASE, ...web}, {}).webBase, 'https://web.example.com')
    assert.equal(chooseAccount(some, web, {}).webBase, undefined)
    assert.equal(chooseAccount(none, web, {}).webBase, 'https://runcode.io')
    assert.equal(chooseAccount(none, {...TOKEN, ...web}, {}).webBase, 'https://runcode.io')
    assert.equal(chooseAccount(some, {...BASE, ...web}, {flag: 'work'}).webBase, undefined)
  })

  for (const name of ['other', 'environment']) {
    it(`refuses the profile "${name}", which is not there, wherever it is named`, () => {
      const refusal = {name: 'UnknownProfileError', code: 'not_found', facts: {profile: name}}
      assert.throws(() => choose(some, {}, {flag: name}), refusal)
      assert.throws(() => choose(some, {}, {workspace: name}), refusal)
      assert.throws(() => choose(some, {RUNCODE_PROFILE: name}), refusal)
    })
  }

  it('refuses two accounts that are named for one workspace', () => {
    assert.throws(() => choose(some, {}, {workspace: 'work', flag: 'team'}), {
      name: 'ContradictoryProfilesError',
      code: 'usage',
      facts: {workspace_profile: 'work', named_profile: 'team'},
    })
  })

  it('refuses what cannot be the name of a profile', () => {
    assert.throws(() => choose(some, {}, {flag: '../x'}), {code: 'usage'})
  })
})
