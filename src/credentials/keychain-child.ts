import {text} from 'node:stream/consumers'

const SERVICE = 'runcode-cli'

/**
 * A program of its own, started by keychain-store: one operation as JSON on stdin, its answer as JSON on stdout, status 1
 * for whatever goes wrong. Secrets travel in pipes only.
 */
const {operation, account, secret} = JSON.parse(await text(process.stdin)) as {
  readonly operation: 'read' | 'write' | 'remove'
  readonly account: string
  readonly secret?: string
}
const {default: keytar} = await import('keytar')
switch (operation) {
  case 'read':
    process.stdout.write(JSON.stringify({secret: await keytar.getPassword(SERVICE, account)}))
    break
  case 'write':
    await keytar.setPassword(SERVICE, account, secret ?? '')
    process.stdout.write('{}')
    break
  case 'remove':
    process.stdout.write(JSON.stringify({removed: await keytar.deletePassword(SERVICE, account)}))
    break
}
