import {RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {AskSsh, SshAnswer} from './ask-ssh.ts'

/** ssh cannot read the user's file as it is, without anything of ours. */
export class BrokenConfigError extends RuncodeError {
  constructor(path: string, why: string) {
    super(`ssh cannot read ${path} as it is: ${why}.`, {
      code: 'config_unsafe',
      hint: 'Mend that first; nothing was changed. To see what ssh says: ssh -G example.invalid',
      facts: {path},
    })
  }
}

/** With the block in it, the file would not do what it did, or the block not what it should. Nothing was written. */
export class UnsafeChangeError extends RuncodeError {
  constructor(path: string, host: string, what: string) {
    super(`With the block in ${path}, "ssh ${host}" ${what}. Nothing was written.`, {
      code: 'config_unsafe',
      hint: 'Look at what would be written: runcode config-ssh --dry-run. A Host of your own with that name needs another one.',
      facts: {path, host},
    })
  }
}

/** The files that are compared: all as ssh is given them. */
export interface Compared {
  /** The user's file as it is; undefined where there is none. */
  readonly original: string | undefined
  readonly candidate: string
  /** Our lines alone. */
  readonly alone: string
  /** How the user calls it. */
  readonly name: string
}

/** A host that no file can have a line of its own for: what ssh says about it, it says about all hosts. */
const ANY_HOST = 'runcode-check.invalid'
/** Asked at one time. */
const AT_ONCE = 4

/** Our hosts, and the options (in lower case) that their lines set. */
export interface OurHosts {
  readonly aliases: readonly string[]
  readonly keywords: ReadonlySet<string>
}

/**
 * Asks ssh whether the hosts of others answer as before and ours by our values only. Gives each option that adds up over
 * the whole file, and that other lines of it add to a host of ours, with one such host. Throws BrokenConfigError and
 * UnsafeChangeError.
 */
export async function checkCandidate(
  ask: AskSsh,
  files: Compared,
  {ours, foreign}: {ours: OurHosts; foreign: readonly string[]},
): Promise<ReadonlyMap<string, string>> {
  const any = await ask(files.original ?? 'none', ANY_HOST)
  if (any.options === undefined) throw new BrokenConfigError(files.name, any.why).quote(any.said)
  await each([ANY_HOST, ...foreign], (host) => checkForeign(ask, files, host))
  const added = new Map<string, string>()
  await each(ours.aliases, async (alias) => {
    for (const keyword of await checkOurs(ask, files, alias, ours.keywords)) added.set(keyword, alias)
  })
  return added
}

const checkForeign = async (ask: AskSsh, {original, candidate, name}: Compared, host: string): Promise<void> => {
  const before = await ask(original ?? 'none', host)
  // What ssh never took for a host is nobody's.
  if (before.options === undefined) return
  const after = await ask(candidate, host)
  const changed = differences(before.options, optionsOf(after, name, host))
  if (changed.length > 0)
    throw new UnsafeChangeError(name, host, `would lose its own ${changed.slice(0, 3).join(', ')}`)
  const [first] = (after.options === undefined ? [] : after.complaints).slice(before.complaints.length)
  if (first !== undefined) throw new UnsafeChangeError(name, host, `would say each time: ${printable(first)}`)
}

const checkOurs = async (
  ask: AskSsh,
  {candidate, alone, name}: Compared,
  alias: string,
  keywords: ReadonlySet<string>,
): Promise<readonly string[]> => {
  const wanted = optionsOf(await ask(alone, alias), name, alias)
  const found = optionsOf(await ask(candidate, alias), name, alias)
  const [lost] = lostOptions(wanted, found, keywords)
  if (lost !== undefined) throw new UnsafeChangeError(name, alias, `would not get our ${lost}`)
  return differences(wanted, found).filter((keyword) => ADDING.has(keyword))
}

type Options = ReadonlyMap<string, readonly string[]>

/** Which of these keywords (in lower case) have not the values that are wanted, or not first. */
export const lostOptions = (wanted: Options, found: Options, keywords: ReadonlySet<string>): readonly string[] =>
  differences(wanted, found).filter((keyword) => {
    const [want, got] = [wanted.get(keyword) ?? [], found.get(keyword) ?? []]
    return keywords.has(keyword) && !(ADDING.has(keyword) && want.every((value, at) => got[at] === value))
  })

/** Options that add up over all sections that apply (ssh_config(5)), or that let others in beside our own values. */
const ADDING: ReadonlySet<string> = new Set([
  ...['identityfile', 'certificatefile', 'localforward', 'remoteforward', 'dynamicforward', 'sendenv', 'setenv'],
  ...['knownhostscommand', 'pkcs11provider'],
])

const optionsOf = (answer: SshAnswer, name: string, host: string): ReadonlyMap<string, readonly string[]> => {
  if (answer.options === undefined)
    throw new UnsafeChangeError(name, host, `would fail: ${answer.why}`).quote(answer.said)
  return answer.options
}

const differences = (
  one: ReadonlyMap<string, readonly string[]>,
  other: ReadonlyMap<string, readonly string[]>,
): readonly string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter(
    (keyword) => !isSame(one.get(keyword) ?? [], other.get(keyword) ?? []),
  )

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((value, at) => value === other[at])

const each = async (hosts: readonly string[], check: (host: string) => Promise<void>): Promise<void> => {
  for (let at = 0; at < hosts.length; at += AT_ONCE) await Promise.all(hosts.slice(at, at + AT_ONCE).map(check))
}
