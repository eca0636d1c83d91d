import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {argvTask, ran, runFarSide} from '../support/far-side.ts'
import {LOGIN_SHELLS, SH_PATHS} from '../support/shells.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

/** What each shell reads when somebody logs in, and how it sets a variable. */
const FILES: Readonly<Record<string, string>> = {
  zsh: '.zprofile',
  fish: '.config/fish/config.fish',
  tcsh: '.login',
}
const fileOf = (shell: string): string => FILES[shell] ?? '.profile'

const NOISY = ['echo noise', 'echo more noise >/dev/stderr', 'PATH="$HOME/bin:$PATH"; export PATH', 'read x; cd /']
const WORDS: Readonly<Record<string, readonly string[]>> = {
  fish: ['status is-login; or exit', 'echo noise', 'set -gx PATH $HOME/bin $PATH', 'read x', 'cd /'],
  tcsh: ['echo noise', 'setenv PATH $HOME/bin:$PATH', 'set x = "$<"', 'cd /'],
}

describe('the environment of a login', function () {
  this.timeout(30_000)
  const folder = temporaryFolder()

  const write = (path: string, ...lines: readonly string[]): void => {
    mkdirSync(dirname(join(folder.path, path)), {recursive: true})
    writeFileSync(join(folder.path, path), `${lines.join('\n')}\n`, {mode: 0o755})
  }
  const login = (argv: readonly string[], shell: string, path?: string) =>
    runFarSide(argvTask(argv, {isLogin: true}), {
      ...{shell, home: folder.path, input: 'for the command\n'},
      ...(path === undefined ? {} : {path}),
    })

  for (const {name, path: shell} of LOGIN_SHELLS) {
    describe(`of ${name}`, () => {
      it('has what its files set; what they print is not on stdout, what they read not from stdin, where they go not kept', async () => {
        write('bin/only-by-login', '#!/bin/sh', 'cat', 'pwd')
        write(fileOf(name), ...(WORDS[name] ?? NOISY))
        const {stdout, stderr, exitCode} = await login(['only-by-login'], shell)
        assert.deepEqual([stdout.toString(), exitCode], [`for the command\n${folder.path}\n`, 0])
        assert.equal(stderr.includes('noise'), name !== 'tcsh')
        const plain = await runFarSide(argvTask(['only-by-login']), {shell, home: folder.path})
        assert.equal(plain.exitCode, 127, 'and only at a login')
      })

      it('leaves the streams of the command alone, whatever its files do to theirs', async () => {
        const redirect = name === 'fish' ? 'false' : 'exec >/dev/null 2>&1 </dev/null'
        write(fileOf(name), ...(name === 'tcsh' ? ['no-such-command', 'exit'] : [redirect, 'no-such-command']))
        const {stderr, ...rest} = await login(['sh', '-c', 'cat; echo err >&2; exit 5'], shell)
        const {stderr: _none, ...wanted} = ran(5, 'for the command\n')
        assert.deepEqual(rest, wanted)
        assert.match(stderr, /err\n$/)
      })

      it('gives a status of its files for none of the command', async () => {
        write(fileOf(name), 'exit 0')
        const {hasBegun, exitCode, stdout} = await login(['echo', 'ran'], shell)
        // An exit in such a file ends fish and tcsh no more than the file.
        const wanted = ['fish', 'tcsh'].includes(name) ? [true, 0, 'ran\n'] : [false, undefined, '']
        assert.deepEqual([hasBegun, exitCode, stdout.toString()], wanted)
      })
    })
  }

  for (const {name, path} of SH_PATHS) {
    it(`is there with ${name} for sh`, async () => {
      write('.profile', 'set -eu', 'export FROM=login')
      const result = await login(['sh', '-c', 'cat; echo "$FROM"'], '/bin/bash', path)
      assert.deepEqual(result, ran(0, 'for the command\nlogin\n'))
    })
  }
})
