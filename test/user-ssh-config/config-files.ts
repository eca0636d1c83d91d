import fc from 'fast-check'
import {bytesOf} from '../../src/user-ssh-config/block.ts'

const line = fc.oneof(
  fc.constantFrom(
    ...[
      'Host github.com',
      'Host *',
      'Host a b *.example.test !c',
      'Match host x exec "true"',
      'Match all',
      '  User me',
    ],
    ...[
      'Include ~/.ssh/conf.d/*',
      '\tPort=22',
      '  IdentityFile "/home/me/a b/$&"',
      'ProxyCommand sh -c "echo \\"$1\\" $`"',
    ],
    ...['# a comment', '#', '', '   ', '\t', '# the runcode managed block', '# >> other tool >>', 'Host "quoted name"'],
  ),
  fc.string({unit: 'binary', maxLength: 30}).map((text) => bytesOf(text).replaceAll('\n', ' ')),
  fc.uint8Array({maxLength: 30}).map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll('\n', ' ')),
)

/** The bytes of files that a user may have: any options, any bytes, any line ends, with or without one at the end. */
export const configFiles: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', '', bytesOf('\uFEFF')),
    fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n')), {maxLength: 20}),
    fc.option(line),
  )
  .map(([bom, lines, last]) => bom + lines.map(([text, eol]) => text + eol).join('') + (last ?? ''))
