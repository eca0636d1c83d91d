import {commonFailures} from './failures.js'

/** docs/commands.md: every command of a manifest with its arguments, flags and examples. */
export function commandsPage({commands}) {
  const pages = Object.values(commands)
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .map(pageOf)
  return `# Commands\n\nGenerated from the commands themselves. Every one takes \`--json\` and \`--help\`.\n\n${pages.join('\n')}`
}

const pageOf = ({id, summary, description, args, flags, examples}) => {
  const name = id.replaceAll(':', ' ')
  const words = Object.values(args).map(({name: arg, required}) => (required ? ` <${arg}>` : ` [${arg}]`))
  const rows = Object.values(flags).filter(({name: flag}) => flag !== 'json')
  return [
    `## ${name}\n\n${summary}.\n`,
    `\n\`runcode ${name}${words.join('')}${rows.length > 0 ? ' [flags]' : ''}\`\n`,
    description === undefined ? '' : `\n${description.replaceAll('\n', ' ')}\n`,
    Object.keys(args).length === 0 ? '' : `\n| argument | |\n| --- | --- |\n${Object.values(args).map(rowOf).join('')}`,
    rows.length === 0 ? '' : `\n| flag | |\n| --- | --- |\n${rows.map(flagRowOf).join('')}`,
    `\n\`\`\`sh\n${examples.map((example) => example.replaceAll('<%= config.bin %>', 'runcode')).join('\n')}\n\`\`\`\n`,
  ].join('')
}

const rowOf = ({name, description}) => `| \`${name}\` | ${description} |\n`

const flagRowOf = ({name, char, description, helpValue, allowNo}) =>
  `| \`${char === undefined ? '' : `-${char}, `}--${allowNo ? '[no-]' : ''}${name}${helpValue === undefined ? '' : ` ${helpValue}`}\` | ${description} |\n`

/** docs/errors.md: every code that a failure can carry. */
export async function errorsPage(root) {
  const {ERROR_CODES} = await import(`${root}dist/core/errors.js`)
  const rows = Object.entries(ERROR_CODES).map(
    ([code, {exit, retryable, meaning}]) => `| \`${code}\` | ${exit} | ${retryable ? 'yes' : 'no'} | ${meaning} |\n`,
  )
  return [
    '# Errors\n\nGenerated from the table in the code. Every failure has one of these codes, which are permanent; a message, a hint with the next\n',
    'command, and an exit status. Under `--json` it is one object on stdout: `{"error": "<code>", "message": "…", "hint": "…", "retryable": false, …}`.\n',
    '`retryable` says whether the same call can succeed later with nothing changed; a failure can know it better than this table.\n',
    "`exec` and `ssh -- …` exit with 125 for all of them but `interrupted`, as every other status there is the remote command's own.\n\n",
    `| code | exit | retryable | when |\n| --- | --- | --- | --- |\n${rows.join('')}`,
    await commonPart(root),
  ].join('')
}

const commonPart = async (root) => {
  const failures = await commonFailures(root)
  const parts = failures.map(
    ({when, said, error: {message, hint, code}}) =>
      `\n**${when[0].toUpperCase()}${when.slice(1)}** (\`${code}\`)${said === undefined ? '' : `, where ssh says \`${said}\``}\n\n\`\`\`text\nruncode: ${message}\nhint: ${hint}\n\`\`\`\n`,
  )
  return `\n## What people meet most\n\nWhat stands for others: the workspace "payments", the profile "work", the gateway gw.example.test, the home /home/me.\n${parts.join('')}`
}
