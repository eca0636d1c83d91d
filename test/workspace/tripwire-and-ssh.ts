import assert from 'node:assert/strict'
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {run} from '../../src/core/process.ts'
import {dangerousDirective} from '../../src/workspace/ssh-config-tripwire.ts'

/** By running a program, which `ssh -G` does. */
const RAN = 'ran'

/** Directives that run or load something, each with the beginning of a line by which `ssh -G` shows that it took it. */
const LINES = ({included, marker}: {included: string; marker: string}) =>
  [
    ['ProxyCommand /bin/false a', 'proxycommand /bin/false'],
    ['ProxyJump evil', 'proxyjump evil'],
    ['PermitLocalCommand yes', 'permitlocalcommand yes'],
    ['LocalCommand /bin/false', 'localcommand /bin/false'],
    ['KnownHostsCommand /bin/false', 'knownhostscommand /bin/false'],
    ['PKCS11Provider /tmp/x.so', 'pkcs11provider /tmp/x.so'],
    ['SecurityKeyProvider /tmp/x.so', 'securitykeyprovider /tmp/x.so'],
    ['XAuthLocation /tmp/x', 'xauthlocation /tmp/x'],
    [`Include ${included}`, 'user included'],
    [`Match exec "touch ${marker}"`, RAN],
    [`Match host x exec "touch ${marker}"`, RAN],
    [`Match !exec "touch ${marker}"`, RAN],
    [`Match exec="touch ${marker}"`, RAN],
  ] as const

const BARBS = ['"', '""', '=', ' ', '\t', "'", '\\', '\f', '\v', '#', '\r', ',', '\u00a0', '\0']

/**
 * Bends such lines and shows them to the real ssh: whatever it still takes for one of these directives, the tripwire must
 * have found. Gives how many it took.
 */
export async function compareWithSsh(numRuns: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rc-t-'))
  const [config, included, marker] = [join(folder, 'config'), join(folder, 'included'), join(folder, 'marker')]
  writeFileSync(included, 'User included\n')
  const bent = fc
    .tuple(
      fc.constantFrom(...LINES({included, marker})),
      fc.array(fc.tuple(fc.constantFrom(...BARBS), fc.double({min: 0, max: 1, noNaN: true})), {maxLength: 4}),
      fc.boolean(),
    )
    .map(([[line, sign], barbs, isUpper]) => {
      // Most of the bending is done to the keyword, where it matters.
      const put = (text: string, [barb, where]: readonly [string, number]): string => {
        const at = Math.floor(where * where * text.length)
        return text.slice(0, at) + barb + text.slice(at)
      }
      return {text: barbs.reduce(put, isUpper ? line.replace(/^\S+/, (word) => word.toUpperCase()) : line), sign}
    })
  let taken = 0
  try {
    await fc.assert(
      fc.asyncProperty(bent, async ({text, sign}) => {
        writeFileSync(config, `Host x\n${text}\n`)
        rmSync(marker, {force: true})
        const env = {PATH: process.env['PATH'], HOME: folder}
        const {stdout} = await run('ssh', ['-G', '-T', '-F', config, 'x'], {env})
        const isTaken = sign === RAN ? existsSync(marker) : stdout.split('\n').some((one) => one.startsWith(sign))
        if (!isTaken) return
        taken += 1
        assert.notEqual(dangerousDirective(text), undefined)
      }),
      {numRuns},
    )
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
  return taken
}
