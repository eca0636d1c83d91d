import ssh2 from 'ssh2'

/** A new ed25519 host key: the private key as OpenSSH file text, the public key as `ssh-ed25519 base64`. */
export function generateHostKey(): {privateKey: string; publicKey: string} {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519')
    // ssh2 1.17 drops the zeros that one public key in 256 begins with, and no program can read what is left.
    if (isHostKey(pair.private)) return {privateKey: pair.private, publicKey: pair.public.trim()}
  }
}

/** Whether a text is a private key that a gateway can stand behind. */
export const isHostKey = (privateKey: string): boolean => {
  const parsed = ssh2.utils.parseKey(privateKey)
  return !(parsed instanceof Error) && parsed.isPrivateKey() && parsed.type === 'ssh-ed25519'
}
