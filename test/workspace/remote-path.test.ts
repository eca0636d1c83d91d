import assert from 'node:assert/strict'
import fc from 'fast-check'
import {parseRemotePath} from '../../src/workspace/remote-path.ts'

describe('parseRemotePath()', () => {
  for (const path of ['/', '/home/ubuntu', '/srv/a b/c.d_e-f', '/häuser/日本', '/a..b/...', '/x@y:z,w=+~'])
    it(`takes ${path}`, () => assert.equal(parseRemotePath(path), path))

  it('takes nothing that could leave its place, be an option or mean something to a shell', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('/', '..', '.', 'a', ' ', '$', '`', "'", '"', '\\', ';', '\n', '*', '-', '~')),
        (parts) => {
          const text = parts.join('')
          const path = parseRemotePath(text)
          return path === undefined || (path === text && /^\/[/. a~-]*$/.test(path) && !path.split('/').includes('..'))
        },
      ),
    )
  })
})
