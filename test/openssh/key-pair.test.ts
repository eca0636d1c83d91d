import assert from 'node:assert/strict'
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {run} from '../../src/core/process.ts'
import {createKeyPair} from '../../src/openssh/key-pair.ts'
import {findProgram} from '../../src/openssh/programs.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('createKeyPair()', () => {
  const folder = temporaryFolder()

  it('gives the public half as one line that belongs to the private file, which only we can read', async () => {
    const path = join(folder.path, 'id with blank')
    const publicKey = await createKeyPair(path, process.env)
    assert.match(publicKey, /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5[A-Za-z0-9+/]{48} runcode$/)
    assert.equal(readFileSync(`${path}.pub`, 'utf8').trim(), publicKey)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder.path), ['id with blank', 'id with blank.pub'])
    const {stdout} = await run('ssh-keygen', ['-y', '-P', '', '-f', path], {env: process.env})
    assert.equal(stdout.trim(), publicKey)
  })

  it('makes another pair each time', async () => {
    const keys = await Promise.all(['a', 'b'].map((name) => createKeyPair(join(folder.path, name), process.env)))
    assert.equal(new Set(keys).size, 2)
  })

  it('leaves an existing key alone, and says what ssh-keygen said', async () => {
    const path = join(folder.path, 'id')
    writeFileSync(path, 'kept')
    await assert.rejects(createKeyPair(path, process.env), {name: 'OpensshFailedError', code: 'ssh_failed'})
    assert.equal(readFileSync(path, 'utf8'), 'kept')
    await assert.rejects(createKeyPair(join(folder.path, 'none', 'id'), process.env), {
      code: 'ssh_failed',
      message: /^ssh-keygen ended with status 1: .*No such file or directory$/,
      facts: {program: 'ssh-keygen'},
      said: /^Saving key .* failed: No such file or directory\s*$/,
    })
  })

  it('names the program that is missing', async () => {
    await assert.rejects(createKeyPair(join(folder.path, 'id'), {PATH: folder.path}), {
      name: 'MissingProgramError',
      code: 'missing_program',
      facts: {program: 'ssh-keygen'},
    })
  })
})

describe('findProgram()', () => {
  const folder = temporaryFolder()

  it('takes the first executable of that name on PATH, by its absolute path', async () => {
    for (const [name, mode] of [
      ['a', 0o600],
      ['b', 0o755],
      ['c', 0o755],
    ] as const) {
      mkdirSync(join(folder.path, name))
      writeFileSync(join(folder.path, name, 'ssh'), '#!/bin/sh\n', {mode})
    }
    const PATH = ['a', 'b', 'c'].map((name) => join(folder.path, name)).join(':')
    assert.equal(await findProgram('ssh', {PATH}), join(folder.path, 'b', 'ssh'))
  })

  it('takes nothing from the directory that we stand in', async () => {
    writeFileSync(join(folder.path, 'ssh'), '#!/bin/sh\n', {mode: 0o755})
    const before = process.cwd()
    process.chdir(folder.path)
    try {
      for (const PATH of ['', '.', ':', './', undefined])
        await assert.rejects(findProgram('ssh', PATH === undefined ? {} : {PATH}), {code: 'missing_program'})
    } finally {
      process.chdir(before)
    }
  })
})
