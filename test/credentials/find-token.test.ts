import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileStore} from '../../src/credentials/file-store.ts'
import {findToken, type TokenQuestion} from '../../src/credentials/find-token.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const RUNCODE = 'https://app.runcode.io'
const NOW = new Date('2026-03-04T05:06:07.890Z')
const ELSEWHERE = 'https://elsewhere.example.com'

describe('findToken()', () => {
  const folder = temporaryFolder()
  const config = (): string => join(folder.path, 'runcode', 'cli')
  const legacyTokenFile = (): string => join(folder.path, 'runcode', 'token')

  const question = (change: Partial<TokenQuestion> = {}): TokenQuestion => ({
    origin: RUNCODE,
    account: 'runcode',
    isEnvironment: false,
    store: undefined,
    ...change,
  })
  const find = (change: Partial<TokenQuestion>, env: NodeJS.ProcessEnv = {}) =>
    findToken(question(change), {env, config: config(), legacyTokenFile: legacyTokenFile()})
  const writeLegacy = (text: string): void => {
    mkdirSync(join(folder.path, 'runcode'), {recursive: true, mode: 0o700})
    writeFileSync(legacyTokenFile(), text)
  }

  it('takes RUNCODE_TOKEN for the account of the environment', async () => {
    assert.deepEqual(await find({isEnvironment: true, account: 'environment'}, {RUNCODE_TOKEN: ' rc_env\n'}), {
      secret: 'rc_env',
      storedAt: undefined,
      source: 'environment',
      place: 'RUNCODE_TOKEN',
    })
  })

  it('never takes RUNCODE_TOKEN for a profile, the built-in one included', async () => {
    for (const change of [{account: 'work', origin: ELSEWHERE}, {}])
      await assert.rejects(find(change, {RUNCODE_TOKEN: 'rc_env'}), {name: 'NoTokenError', code: 'no_token'})
  })

  it('takes what login kept for an address of the environment for that address alone', async () => {
    await fileStore(config()).write({origin: RUNCODE, account: 'environment'}, 'rc_file', NOW)
    const {secret} = await find({isEnvironment: true, account: 'environment', origin: RUNCODE})
    assert.equal(secret, 'rc_file')
    await assert.rejects(find({isEnvironment: true, account: 'environment', origin: ELSEWHERE}), {code: 'no_token'})
  })

  it('never takes the token of a profile, or of the other tools, for an address of the environment', async () => {
    writeLegacy('rc_legacy\n')
    await assert.rejects(find({isEnvironment: true, account: 'environment'}), {code: 'no_token'})
    await fileStore(config()).write({origin: ELSEWHERE, account: 'work'}, 'rc_file', NOW)
    await assert.rejects(find({isEnvironment: true, account: 'environment', origin: ELSEWHERE}), {
      code: 'no_token',
      hint: 'Set RUNCODE_TOKEN beside RUNCODE_API_BASE, or leave it out and log in: runcode login',
      facts: {origin: ELSEWHERE},
    })
  })

  it('takes the token in our file before the one of the other tools', async () => {
    writeLegacy('rc_legacy\n')
    await fileStore(config()).write({origin: RUNCODE, account: 'runcode'}, 'rc_file', NOW)
    assert.deepEqual(await find({}), {
      secret: 'rc_file',
      storedAt: NOW,
      source: 'file',
      place: join(config(), 'credentials.json'),
    })
  })

  it('takes the first line of the file of the other tools for their own service, and leaves it alone', async () => {
    writeLegacy(' rc_legacy \nmore\n')
    assert.deepEqual(await find({}), {
      secret: 'rc_legacy',
      storedAt: undefined,
      source: 'legacy',
      place: legacyTokenFile(),
    })
    assert.equal(readFileSync(legacyTokenFile(), 'utf8'), ' rc_legacy \nmore\n')
    assert.deepEqual(readdirSync(join(folder.path, 'runcode')), ['token'])
  })

  for (const origin of [
    ELSEWHERE,
    'https://app.runcode.io:4443',
    'https://runcode.io',
    'https://app.runcode.io.evil.example.com',
  ]) {
    it(`sends the token of the other tools never to ${origin}`, async () => {
      writeLegacy('rc_legacy\n')
      await assert.rejects(find({origin}), {code: 'no_token'})
    })
  }

  it('finds none in an empty file of the other tools', async () => {
    writeLegacy('\nrc_second\n')
    await assert.rejects(find({}), {code: 'no_token', hint: 'Log in: runcode login'})
    await assert.rejects(find({account: 'work'}), {hint: 'Log in: runcode login --profile work'})
    assert.equal(existsSync(config()), false)
  })

  it('refuses what is no token, wherever it comes from, without repeating it', async () => {
    const silent = ({code, message}: Error & {code?: string}) => code === 'usage' && !message.includes('secret')
    await assert.rejects(find({isEnvironment: true}, {RUNCODE_TOKEN: 'secret\r\nX-Header: 1'}), silent)
    writeLegacy('secret with blanks\n')
    await assert.rejects(find({}), silent)
    await fileStore(config()).write({origin: RUNCODE, account: 'runcode'}, 'secret\n2', new Date())
    await assert.rejects(find({}), silent)
  })
})
