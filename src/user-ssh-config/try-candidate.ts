import {join} from 'node:path'
import {makePrivateFolder, removeWhole, writeWhole} from '../core/files.ts'
import type {AskSsh} from './ask-ssh.ts'
import {textOf} from './block.ts'
import {type Compared, checkCandidate} from './check-candidate.ts'
import {appliesTo, type ConfigLine, configLines, literalHosts} from './config-lines.ts'
import {describeForeignOptions} from './foreign-options.ts'
import type {LockedFile} from './locked-file.ts'

/** At most so many hosts of others, and of ours, are asked about. */
const ASKED = 50
/** From here on it is worth a word what the hosts cost every ssh. */
export const MANY_HOSTS = 200

export interface Candidate {
  /** The whole file. */
  readonly text: string
  /** The file without our block. */
  readonly rest: string
  readonly hosts: readonly {readonly alias: string; readonly lines: readonly string[]}[]
}

/**
 * Has ssh read a file before anybody's ssh does, and gives what its owner should know: options of theirs that reach our
 * hosts, what ssh ran, what many hosts cost. Throws BrokenConfigError and UnsafeChangeError where it must not be written.
 */
export async function tryCandidate(
  ask: AskSsh,
  {file, folder}: LockedFile,
  {text, rest, hosts}: Candidate,
): Promise<readonly string[]> {
  const trial = join(folder, 'trial')
  const [candidate, alone] = [join(trial, 'candidate'), join(trial, 'alone')]
  await makePrivateFolder(trial)
  try {
    await writeWhole(candidate, Buffer.from(text, 'latin1'))
    await writeWhole(alone, hosts.flatMap(({lines}) => lines).join('\n'))
    const files = {original: file.text === undefined ? undefined : file.path, candidate, alone, name: file.path}
    const lines = configLines(rest, lineCount(text) - lineCount(rest) + 1)
    const foreign = literalHosts(lines).slice(0, ASKED).map(textOf)
    const ours = {aliases: namedFirst(hosts, lines).slice(0, ASKED), keywords: keywordsOf(hosts)}
    const added = await checkCandidate(ask, files, {ours, foreign})
    const runs = lines.filter(
      ({keyword, words}) => keyword === 'match' && words.some((word) => /^!?exec\b/i.test(word)),
    )
    return [
      ...describeForeignOptions(added, lines),
      ...(runs.length === 0
        ? []
        : [
            `To see what the change does, ssh was asked, and ran "Match exec" of line ${runs.map(({number}) => number).join(', ')}.`,
          ]),
      ...(hosts.length > MANY_HOSTS ? [await describeCost(ask, files, hosts.length)] : []),
    ]
  } finally {
    await removeWhole(trial)
  }
}

/** Hosts of ours are alike, but for those that the file itself has a section for, and not only for all. */
const namedFirst = (hosts: Candidate['hosts'], lines: readonly ConfigLine[]): readonly string[] => {
  const sections = lines.filter(({keyword, words}) => keyword === 'host' && words.some(mayBeOurs))
  const all = hosts.map(({alias}) => ({alias, isNamed: sections.some((line) => appliesTo(line, alias))}))
  return [...all.filter(({isNamed}) => isNamed), ...all.filter(({isNamed}) => !isNamed)].map(({alias}) => alias)
}

const mayBeOurs = (pattern: string): boolean =>
  pattern !== '*' && (pattern.startsWith('runcode.') || /[*?]/.test(pattern))

const keywordsOf = (hosts: Candidate['hosts']): ReadonlySet<string> =>
  new Set(hosts.flatMap(({lines}) => lines.map((line) => /^ {2}(\S+)/.exec(line)?.[1]?.toLowerCase() ?? '')))

const lineCount = (text: string): number => text.split('\n').length

/** The best of five each: what else runs on the machine only makes it longer. */
const describeCost = async (ask: AskSsh, {original, candidate}: Compared, count: number): Promise<string> => {
  const bestMs = async (file: string): Promise<number> => {
    let best = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = await ask(file, 'runcode-check.invalid')
      if (answer.options !== undefined) best = Math.min(best, answer.tookMs)
    }
    return best
  }
  const moreMs = (await bestMs(candidate)) - (await bestMs(original ?? 'none'))
  return `Every ssh, scp and git of yours reads ${count} hosts first: about ${Math.max(1, Math.round(moreMs))} ms each time here.`
}
