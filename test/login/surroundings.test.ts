import assert from 'node:assert/strict'
import {type SurroundingFacts, surroundingsOf, wayToBrowser} from '../../src/login/surroundings.ts'

const PLAIN: SurroundingFacts = {env: {}, platform: 'linux', release: '6.1.0', isContainer: false}

describe('surroundingsOf()', () => {
  for (const [what, facts, where] of [
    ['a Linux desktop', {env: {DISPLAY: ':0'}}, 'desktop'],
    ['Wayland alone', {env: {WAYLAND_DISPLAY: 'wayland-0'}}, 'desktop'],
    ['a Mac', {platform: 'darwin'}, 'desktop'],
    ['Windows', {platform: 'win32'}, 'desktop'],
    ['a machine without a display', {}, 'no-display'],
    ['an SSH session', {env: {SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22'}}, 'ssh'],
    ['an SSH session that forwards a display', {env: {SSH_TTY: '/dev/pts/0', DISPLAY: 'localhost:10.0'}}, 'ssh'],
    ['an SSH session on a Mac', {platform: 'darwin', env: {SSH_CLIENT: '192.0.2.1 5 22'}}, 'ssh'],
    ['WSL', {env: {WSL_DISTRO_NAME: 'Debian', DISPLAY: ':0'}}, 'wsl'],
    ['WSL by its kernel', {release: '5.15.90.1-microsoft-standard-WSL2'}, 'wsl'],
    ['a container', {isContainer: true}, 'container'],
    ['a container on WSL', {isContainer: true, release: '5.15.90.1-microsoft-standard-WSL2'}, 'container'],
    ['a container with a display', {isContainer: true, env: {DISPLAY: ':0'}}, 'desktop'],
  ] as const)
    it(`knows ${what}`, () => assert.equal(surroundingsOf({...PLAIN, ...facts}), where))
})

describe('wayToBrowser()', () => {
  it('needs none where a browser is opened', () =>
    assert.deepEqual([wayToBrowser('desktop', [1]), wayToBrowser('wsl', [1])], [undefined, undefined]))

  it('tells an SSH session which ports to take along', () =>
    assert.match(wayToBrowser('ssh', [40_001, 40_002]) ?? '', /ssh -L 40001:localhost:40001 -L 40002:localhost:40002 /))

  it('says why no browser is started', () => {
    for (const where of ['ssh', 'container', 'no-display'] as const)
      assert.match(wayToBrowser(where, [40_001]) ?? '', /so no browser is started\..*40001/)
  })
})
