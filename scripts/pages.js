import {commonFailures} from './failures.js'

/** docs/commands.md: every command of a manifest with its arguments, flags and examples. */
export function commandsPage({commands}) {
  const pages = Object.values(commands)
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .map(pageOf)
  return `# Commands\n\nGenerated from the commands themselves. Every one takes \`--json\`, \`--verbose\` and \`--help\`.\n\n${pages.join('\n')}`
}

const pageOf = ({id, summary, description, args, flags, examples}) => {
  const name = id.replaceAll(':', ' ')
  const words = Object.values(args).map(({name: arg, required}) => (required ? ` <${arg}>` : ` [${arg}]`))
  const rows = Object.values(flags).filter(({name: flag, helpGroup}) => flag !== 'json' && helpGroup !== 'GLOBAL')
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
    "`exec` and `ssh -- …` exit with 125 for all of them but `interrupted`, as every other status there is the remote command's own.\n",
    'Where it was ssh or ssh-keygen that failed, `--verbose` (`-v`) shows its own words below, the last 100 lines without tokens, keys and certificates: under `--json` as\n',
    '`ssh_said`, a list of lines. On a screen what they hold of control characters is made visible; they may be those of a gateway, and nothing of it is to be trusted.\n\n',
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

/** docs/doctor.md: every check, in the order and the groups of the answer. */
export async function doctorPage(root) {
  const {CHECKS} = await import(`${root}dist/doctor/examine.js`)
  const {GROUPS} = await import(`${root}dist/doctor/check.js`)
  const tables = GROUPS.map((group) => {
    const rows = CHECKS.filter((check) => check.group === group).map(
      ({name, about, fixes}) => `| \`${name}\` | ${about} | ${fixes ?? ''} |\n`,
    )
    return `\n## ${group}\n\n| check | what must be so | what \`--fix\` does |\n| --- | --- | --- |\n${rows.join('')}`
  })
  return [
    '# What doctor looks at\n\nGenerated from the checks themselves. `runcode doctor` makes all of them, side by side and each with a limit, for the account of `--profile` or the\n',
    'default, and for the workspace that is attached to where you are; `--verbose` shows what was found where all is well, too, and the words of ssh where it failed (`ssh_said`). A check ends with `ok`, `warn`, `fail`, or `skip`: not\n',
    'checked, with the reason. The exit status is 1 where one has failed. Names are permanent, for `--json`: `{"ok": …, "fixed": [{"name", "did"}], "checks": [{"name", "group",\n',
    '"status", "detail", "hint", "fixable"}]}`; that of `token` has `token_stored_at`, null where nobody wrote it down, as of a token of the environment.\n\n',
    '`--fix` does what the last column says and nothing else: it touches only what is ours, never a file of yours or of another user, says what it did, and looks again. No token, and no\n',
    'password of a proxy, is ever shown; only remote-noise logs in to the workspace, and the control plane is asked without a token for its certificate and its clock, and with it for a list.\n',
    ...tables,
  ].join('')
}
