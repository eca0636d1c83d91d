import {message, SSH} from './raw-ssh.ts'
import {mutated, type Seeded} from './seeded.ts'

const LISTS = [
  'curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group18-sha512,ext-info-c,kex-strict-c-v00@openssh.com',
  'ssh-ed25519',
  'aes128-ctr,aes128-gcm@openssh.com',
  'aes128-ctr,aes128-gcm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-256',
  'none',
  'none',
  '',
  '',
] as const

/** An unencrypted packet (RFC 4253 section 6). */
export const packet = (payload: Buffer, paddingBytes = 8 - ((5 + payload.length) % 8) + 8): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(1 + payload.length + paddingBytes)
  head[4] = paddingBytes
  return Buffer.concat([head, payload, Buffer.alloc(paddingBytes)])
}

/** What a stranger may say before it has keys: an opening as clients have it, spoiled somewhere. */
export function spoiledOpening(random: Seeded): Buffer {
  const ident = Buffer.from(random.pick(['SSH-2.0-OpenSSH_9.2\r\n', 'SSH-2.0-x\n', 'SSH-1.99-x\r\n', 'SSH-2.0-\r\n']))
  const kexInit = packet(kexInitOf(random))
  const rest = Array.from({length: random.integer(4)}, () => packet(beforeKeys(random)))
  const parts = [ident, kexInit, ...rest]
  const victim = random.integer(parts.length)
  // Mostly the opening itself is good, or nothing behind it would be read.
  return Buffer.concat(parts.map((part, at) => (at === victim ? mutated(part, random) : part)))
}

const kexInitOf = (random: Seeded): Buffer => {
  const lists = LISTS.map((list) => (random.chance(0.05) ? `${'x,'.repeat(random.integer(2000))}${list}` : list))
  if (random.chance(0.1))
    lists[0] = random.pick(['kex-strict-s-v00@openssh.com', '', ',,,', '__proto__', 'constructor'])
  const body = message(0, ...lists, random.chance(0.1), 0).subarray(1)
  return Buffer.concat([Buffer.from([SSH.KEXINIT]), random.bytes(16), body])
}

/** Keys of the wrong size, everything that has no place before NEWKEYS, and strict key exchange broken (OpenSSH's PROTOCOL, 1.10). */
const beforeKeys = (random: Seeded): Buffer =>
  random.pick([
    () => message(SSH.KEXDH_INIT, random.bytes(random.pick([0, 31, 32, 33, 65, 97, 133]))),
    () => message(SSH.KEXDH_INIT, Buffer.alloc(32)),
    () => message(SSH.NEWKEYS),
    () => message(SSH.IGNORE, 'x'),
    () => message(SSH.DEBUG, true, 'x', ''),
    () => message(SSH.UNIMPLEMENTED, 0),
    () => message(SSH.DISCONNECT, 11, 'bye', ''),
    () => kexInitOf(random),
    () => message(SSH.SERVICE_REQUEST, 'ssh-userauth'),
    () => message(SSH.USERAUTH_REQUEST, 'calm-reed', 'ssh-connection', 'none'),
    () => message(SSH.CHANNEL_OPEN, 'session', 0, 1 << 20, 1 << 15),
    () => random.bytes(random.integer(60)),
  ])()

/** What somebody may send before being let in, in the name of `user` with a registered key. */
export function spoiledLogin(random: Seeded, user: string, publicKey: Buffer): Buffer {
  const names = [user, '', 'x'.repeat(300), '__proto__', '../..', 'root', 'calm reed', `${user}\0`]
  const request = (...method: readonly (string | boolean | Buffer)[]): Buffer =>
    message(SSH.USERAUTH_REQUEST, random.chance(0.8) ? user : random.pick(names), 'ssh-connection', ...method)
  const types = [
    'ssh-ed25519',
    'ssh-rsa',
    'rsa-sha2-256',
    'ssh-dss',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp521',
    'sk-ssh-ed25519@openssh.com',
    '',
  ]
  const key = (): Buffer =>
    random.pick([publicKey, mutated(publicKey, random), random.bytes(random.integer(80)), Buffer.alloc(0)])
  const signature = (type: string): Buffer =>
    random.pick([
      () => message(0, type, random.bytes(random.pick([0, 40, 64, 70, 256]))).subarray(1),
      () => message(0, type, message(0, random.bytes(32), random.bytes(32)).subarray(1)).subarray(1),
      () => random.bytes(random.integer(100)),
    ])()
  const good = random.pick([
    () => message(SSH.SERVICE_REQUEST, random.pick(['ssh-userauth', 'ssh-connection', '', 'x'.repeat(1000)])),
    () => request('none'),
    () => request('password', random.chance(0.5), 'secret', 'new'),
    () => request('keyboard-interactive', '', random.pick(['', 'pam,', ','.repeat(5000)])),
    () => {
      const type = random.pick(types)
      return request('publickey', true, type, key(), signature(type))
    },
    () => request('publickey', false, random.pick(types), key()),
    () => request('publickey', true, 'ssh-ed25519', publicKey, signature('ssh-ed25519')),
    () => {
      const type = random.pick(types)
      return request('hostbased', type, key(), 'localhost', 'root', signature(type))
    },
    () => message(SSH.USERAUTH_INFO_RESPONSE, random.pick([0, 1, 0xffff_ffff]), 'x'),
    () => message(SSH.EXT_INFO, random.pick([0, 1, 0xffff_ffff]), 'server-sig-algs', 'x'),
    () => spoiledChannel(random, 'touch unasked'),
  ])()
  return random.chance(0.5) ? mutated(good, random) : good
}

const NUMBERS = [0, 1, 2, 7, 63, 64, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff]

/** What somebody may send on a connection: channels, their data and requests, global requests, with numbers that make no sense. */
export function spoiledChannel(random: Seeded, command: string): Buffer {
  const number = (): number => (random.chance(0.6) ? random.integer(4) : random.pick(NUMBERS))
  const open = (type: string, ...fields: readonly (string | number)[]): Buffer =>
    message(
      SSH.CHANNEL_OPEN,
      type,
      number(),
      random.pick(NUMBERS),
      random.pick([0, 1, 300, 1 << 15, 0xffff_ffff]),
      ...fields,
    )
  const ask = (type: string, ...fields: readonly (string | number | boolean | Buffer)[]): Buffer =>
    message(SSH.CHANNEL_REQUEST, number(), type, random.chance(0.7), ...fields)
  const good = random.pick([
    () => open('session'),
    () => open('session'),
    () => open('direct-tcpip', random.pick(['127.0.0.1', 'x'.repeat(300), '']), random.pick([0, 1, 9, 70_000]), '', 0),
    () => open('direct-streamlocal@openssh.com', random.pick(['/tmp/none', 'relative', `/${'x'.repeat(300)}`]), '', 0),
    () =>
      open(random.pick(['x11', 'forwarded-tcpip', 'auth-agent@openssh.com', 'tun@openssh.com', '']), 'x', 1, 'x', 1),
    () => ask('exec', command),
    () => ask('shell'),
    () => ask('subsystem', random.pick(['sftp', '', 'x'.repeat(500)])),
    () => ask('env', random.pick(['LANG', 'LC_ALL', 'PATH', '__proto__']), random.pick(['C', 'x'.repeat(2000), '\0'])),
    () =>
      ask(
        'pty-req',
        random.pick(['xterm', '', 'x'.repeat(100), '../x']),
        number(),
        number(),
        0,
        0,
        random.bytes(random.integer(12)),
      ),
    () => ask('window-change', number(), number(), 0, 0),
    () => ask('signal', random.pick(['INT', 'KILL', 'TERM', 'constructor', ''])),
    () => ask('eow@openssh.com'),
    () =>
      ask(random.pick(['x11-req', 'auth-agent-req@openssh.com', 'xon-xoff', 'exit-status', 'exit-signal', 'break'])),
    () => message(SSH.CHANNEL_DATA, number(), random.bytes(random.integer(200))),
    () => message(SSH.CHANNEL_EXTENDED_DATA, number(), number(), random.bytes(10)),
    () => message(SSH.CHANNEL_WINDOW_ADJUST, number(), random.pick(NUMBERS)),
    () => message(SSH.CHANNEL_EOF, number()),
    () => message(SSH.CHANNEL_CLOSE, number()),
    () => message(SSH.CHANNEL_OPEN_CONFIRMATION, number(), number(), number(), number()),
    () => message(SSH.CHANNEL_OPEN_FAILURE, number(), number(), 'x', ''),
    () =>
      message(
        SSH.GLOBAL_REQUEST,
        random.pick(['tcpip-forward', 'cancel-tcpip-forward', 'no-more-sessions@openssh.com', 'x']),
        true,
        '',
        number(),
      ),
    () => message(SSH.GLOBAL_REQUEST, 'hostkeys-00@openssh.com', true, random.bytes(30)),
    () => message(random.integer(256), random.bytes(random.integer(60))),
  ])()
  return random.chance(0.15) ? mutated(good, random) : good
}
