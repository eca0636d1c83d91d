import assert from 'node:assert/strict'
import {sourceFiles} from './source-tree.ts'

/** What only some files may touch, and which these are. */
const DOORS: Readonly<Record<string, {pattern: RegExp; open: readonly RegExp[]}>> = {
  'another process': {
    pattern: /'node:child_process'/,
    open: [/^src\/core\/process(-identity)?\.ts$/, /^src\/server\/runtime\//],
  },
  'the network': {
    pattern: /'node:(?:https?|http2|tls|dgram|dns)(?:\/promises)?'|\bfetch\(/,
    // The callback of a login is the one place where the client is called.
    open: [/^src\/network\//, /^src\/server\//, /^src\/login\/callback\.ts$/],
  },
  sockets: {
    // node:net also tells what an address is; workspace and network ask for that alone.
    pattern: /import \{[^}]*\b(?:connect|createServer|createConnection|Socket)\b[^}]*\} from 'node:net'/,
    open: [
      /^src\/openssh\/mux\.ts$/,
      /^src\/network\/(?:connect-first|last-words)\.ts$/,
      // Both ends of a forward are on this machine; what leaves it is ssh's.
      /^src\/forward\/(?:local-port|entrance)\.ts$/,
      /^src\/server\//,
    ],
  },
  'the environment of this process': {
    pattern: /\bprocess\.env\b/,
    open: [/^src\/cli\//],
  },
  'the current directory': {pattern: /\bprocess\.cwd\(/, open: [/^src\/cli\/create-context\.ts$/]},
  'the time': {
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    open: [/^src\/cli\/create-context\.ts$/, /^src\/server\/sftp\/sftp-server\.ts$/],
  },
  'the console': {pattern: /\bconsole\./, open: []},
  'our streams': {
    pattern: /\bprocess\.(?:stdout|stderr|stdin)\b/,
    open: [/^src\/cli\//, /^src\/remote-command\/input\.ts$/, /^src\/credentials\/keychain-child\.ts$/],
  },
  'the end of this process': {pattern: /\bprocess\.(?:exit|reallyExit|abort)\(/, open: []},
  'the exit status': {
    pattern: /\bprocess\.exitCode\b/,
    open: [/^src\/cli\//, /^src\/commands\//, /^src\/server\/sftp\/sftp-server\.ts$/],
  },
  'a shell': {pattern: /\bshell:\s*(?:true|')|\bexecSync\(/, open: []},
}

describe('the doors', () => {
  const files = sourceFiles('src')
  for (const [what, {pattern, open}] of Object.entries(DOORS)) {
    it(`lead to ${what} in ${open.length === 0 ? 'no place' : 'their places only'}`, () => {
      const found = files.filter(({path, text}) => pattern.test(text) && !open.some((place) => place.test(path)))
      assert.deepEqual(
        found.map(({path}) => path),
        [],
      )
    })
  }

  it('lead to the screen by what makes printable, by JSON, or for the bytes of a remote command', () => {
    const writes = files
      .filter(({path}) => path.startsWith('src/cli/'))
      .flatMap(({path, text}) =>
        [...text.matchAll(/\b(?:stdout|stderr|standardError\(\))\.write\((.*)$/gm)].map(([, what = '']) => ({
          path,
          what,
        })),
      )
    const isSafe = ({path, what}: {path: string; what: string}): boolean =>
      /^(?:`[^`$]*\$\{(?:printable|printableLines|JSON\.stringify)\(|(?:failureText|stackText|printable|table)\(|'\\n')/.test(
        what,
      ) ||
      (/^text\)/.test(what) && path === 'src/cli/remote-command.ts')
    assert.ok(writes.length > 10)
    assert.deepEqual(
      writes.filter((write) => !isSafe(write)),
      [],
    )
  })
})
