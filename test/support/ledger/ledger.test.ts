import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {run} from '../../../src/core/process.ts'
import {temporaryFolder} from '../temporary-folder.ts'
import {type Entry, faultsOf, readLedger} from './ledger.ts'

describe('the ledger of the suite', () => {
  const tokens = [{origin: 'https://a.test', token: 'rc_of-a'}]
  const profiles = {a: 'https://a.test', b: 'https://b.test:8443/path'}
  const call = {kind: 'sent', argv: ['list'], token: 'rc_of-a', host: 'a.test', port: 443, isTls: true} as const
  const sent = {...call, tokens, profiles, usual: 'a'}
  const child = {kind: 'child', argv: ['/usr/bin/ssh', '-V'], env: ['PATH=/bin'], tokens} as const
  const faults = (one: object): readonly string[] => faultsOf([one as Entry, sent])

  it('has nothing to say of a token that went to its own origin, nor of a child that was given none', () => {
    assert.deepEqual(faultsOf([sent, child]), [])
    const login = {...sent, token: 'rc_new', tokens: []}
    assert.deepEqual(faults({...login, argv: ['login', '--paste']}), [])
    assert.deepEqual(faults({...sent, port: 3128, proxyPort: 3128, servername: 'a.test'}), [])
    assert.deepEqual(faults({...login, argv: ['login', '--profile', 'b'], host: 'b.test:8443', port: 8443}), [])
  })

  it('names a token that went elsewhere', () => {
    for (const [change, fault] of [
      [
        {host: 'b.test:8443', port: 8443},
        '"list" sent a token to b.test:8443 (port 8443), which is not its own origin',
      ],
      [{token: 'rc_unknown'}, '"list" sent a token to a.test (port 443), which is not its own origin'],
      [{port: 444}, '"list" sent a token to a.test (port 444), which is not where it said that it speaks to'],
      [
        {port: 3128, proxyPort: 3128, servername: 'b.test'},
        '"list" sent a token to a.test (port 3128), which is not where it said that it speaks to',
      ],
      [{isTls: false}, '"list" sent a token to a.test (port 443) in the clear'],
      [
        {argv: ['login', '--profile', 'b'], token: 'rc_new'},
        '"login --profile b" sent a token to a.test (port 443), which is not its own origin',
      ],
    ] as const) {
      assert.deepEqual(faults({...sent, ...change}), [fault])
    }
  })

  it('names a child that was given a token or a private key', () => {
    for (const [change, fault] of [
      [{argv: ['ssh', 'x-rc_of-a']}, 'ssh was given a secret in its argv'],
      [{env: ['A=b', 'RUNCODE_TOKEN=rc_of-a']}, '/usr/bin/ssh was given a secret in RUNCODE_TOKEN'],
      [{env: ['KEY=-----BEGIN OPENSSH PRIVATE KEY-----']}, '/usr/bin/ssh was given a secret in KEY'],
    ] as const) {
      assert.deepEqual(faults({...child, ...change}), [fault])
    }
  })

  describe('as it is written', () => {
    const folder = temporaryFolder()
    const recorder = new URL('recorder.js', import.meta.url).href
    const LEAK = `
      import {execFile} from 'node:child_process'
      import {get} from 'node:http'
      execFile(process.execPath, ['-e', '0', 'word'])
      get(process.argv[2], {headers: {authorization: 'Token ' + process.env.RUNCODE_TOKEN}}, (answer) => answer.resume())
    `

    it('catches a program that sends its token in the clear and hands its environment on', async () => {
      const [program, ledger] = [join(folder.path, 'leak.mjs'), join(folder.path, 'ledger')]
      writeFileSync(program, LEAK)
      const server = createServer((_, response) => response.end())
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const {port} = server.address() as AddressInfo
      const secret = {LEAKED: 'rc_of-the-environment'}
      const env = {...secret, RUNCODE_TEST_LEDGER: ledger, NODE_OPTIONS: `--import=${recorder}`, HOME: folder.path}
      const script = `RUNCODE_TOKEN=$LEAKED exec "$0" "$@"`
      const args = ['-c', script, process.execPath, program, `http://127.0.0.1:${port}/`]
      const {ending, stderr} = await run('/bin/sh', args, {env, timeoutMs: 15_000})
      server.close()
      assert.deepEqual(ending, {kind: 'exited', code: 0}, stderr)
      assert.deepEqual(faultsOf(readLedger(ledger)).toSorted(), [
        `"http://127.0.0.1:${port}/" sent a token to 127.0.0.1:${port} (port ${port}) in the clear`,
        `${process.execPath} was given a secret in LEAKED`,
        `${process.execPath} was given a secret in RUNCODE_TOKEN`,
      ])
    })
  })
})
