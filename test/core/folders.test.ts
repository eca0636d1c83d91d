import assert from 'node:assert/strict'
import {locateFolders} from '../../src/core/folders.ts'

const me = {env: {}, home: '/home/me', platform: 'linux', uid: 1000} as const

describe('locateFolders()', () => {
  it('stands below the home directory where nothing is said', () => {
    assert.deepEqual(locateFolders(me), {
      config: '/home/me/.config/runcode/cli',
      state: '/home/me/.local/state/runcode/cli',
      cache: '/home/me/.cache/runcode/cli',
      sockets: ['/home/me/.cache/runcode/cli/sockets', '/tmp/runcode-1000'],
      legacyTokenFile: '/home/me/.config/runcode/token',
    })
  })

  it('takes the folders of the XDG Base Directory Specification, the runtime folder first for sockets', () => {
    const env = {
      XDG_CONFIG_HOME: '/x/config',
      XDG_STATE_HOME: '/x/state',
      XDG_CACHE_HOME: '/x/cache',
      XDG_RUNTIME_DIR: '/run/user/1000',
    }
    assert.deepEqual(locateFolders({...me, env}), {
      config: '/x/config/runcode/cli',
      state: '/x/state/runcode/cli',
      cache: '/x/cache/runcode/cli',
      sockets: ['/run/user/1000/runcode', '/x/cache/runcode/cli/sockets', '/tmp/runcode-1000'],
      legacyTokenFile: '/x/config/runcode/token',
    })
  })

  for (const value of ['', 'relative', './relative', '~/x']) {
    it(`ignores ${JSON.stringify(value)}, which is no absolute path`, () => {
      const env = {XDG_CONFIG_HOME: value, XDG_STATE_HOME: value, XDG_CACHE_HOME: value, XDG_RUNTIME_DIR: value}
      assert.deepEqual(locateFolders({...me, env}), locateFolders(me))
    })
  }

  it('uses the folders of Windows there only, and XDG before them (simulated: paths stay POSIX)', () => {
    const env = {APPDATA: '/roaming', LOCALAPPDATA: '/local'}
    assert.deepEqual(locateFolders({...me, env}), locateFolders(me))
    const {config, state, cache, legacyTokenFile} = locateFolders({...me, env, platform: 'win32', uid: undefined})
    assert.deepEqual(
      [config, state, cache, legacyTokenFile],
      ['/roaming/runcode/cli', '/local/runcode/cli', '/local/runcode/cli', '/roaming/runcode/token'],
    )
    const both = {...env, XDG_CONFIG_HOME: '/x', XDG_STATE_HOME: '/y'}
    const mixed = locateFolders({...me, env: both, platform: 'win32'})
    assert.deepEqual([mixed.config, mixed.state], ['/x/runcode/cli', '/y/runcode/cli'])
  })
})
