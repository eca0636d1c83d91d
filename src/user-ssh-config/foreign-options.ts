import {appliesTo, type ConfigLine} from './config-lines.ts'

const EFFECTS: Readonly<Record<string, string>> = {
  identityfile: 'is offered to its gateway',
  certificatefile: 'is offered to its gateway',
  localforward: 'is opened by each connection',
  remoteforward: 'is opened by each connection',
  dynamicforward: 'is opened by each connection',
  sendenv: 'is sent to it',
  setenv: 'is sent to it',
  knownhostscommand: 'may vouch for another host key',
  pkcs11provider: 'may be asked for keys that are offered to its gateway',
}

/**
 * What to tell of options that other lines of the file add to hosts of ours: each with its line, its effect and the cure.
 * `added` gives for each option one host that it was found at.
 */
export const describeForeignOptions = (
  added: ReadonlyMap<string, string>,
  lines: readonly ConfigLine[],
): readonly string[] =>
  [...added].flatMap(([keyword, alias]) => {
    const found = lines.filter((line) => line.keyword === keyword && appliesTo(line, alias))
    const what = `also applies to ${alias}, and ${EFFECTS[keyword] ?? 'counts there'}`
    if (found.length === 0) return [`A ${keyword} of a file that is included ${what}.`]
    return found.map(
      ({number, words, section}) => `Line ${number} (${keyword} ${words.join(' ')}) ${what}. ${cure(section)}`,
    )
  })

const cure = (section: ConfigLine['section']): string => {
  if (section === undefined) return 'Put it below a line "Host * !runcode.*" to keep it out.'
  if (section.patterns === null) return `Add "!host runcode.*" to the Match of line ${section.number} to keep it out.`
  return `Write "Host ${section.patterns.join(' ')} !runcode.*" in line ${section.number} to keep it out.`
}
