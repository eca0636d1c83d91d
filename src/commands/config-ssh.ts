import {Flags} from '@oclif/core'
import {type ConfigSshResult, configSsh} from '../actions/hosts/config-ssh.ts'
import {removeHosts, restoreConfig, type Undone} from '../actions/hosts/undo-config-ssh.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'
import {RuncodeError} from '../core/errors.ts'

export default class ConfigSsh extends BaseCommand {
  static override summary = 'Make workspaces hosts of your own ssh, for git, scp, rsync and editors'
  static override description =
    `Writes a block at the top of ~/.ssh/config: an entry for each own workspace, or for those that are named, beside those that
are in it already. Entries of deleted workspaces go. Nothing else in the file changes, and --remove gives it back byte
for byte. Before anything is written ssh is asked (ssh -G) whether your other hosts stay as they are, which runs the
"Match exec" commands of the file. A copy of the file is kept each time; --restore takes the newest, or the one whose
date is given instead of workspaces.`
  static override examples = [
    '<%= config.bin %> config-ssh',
    '<%= config.bin %> config-ssh payments-api --dry-run',
    '<%= config.bin %> config-ssh --check --json',
    '<%= config.bin %> config-ssh --remove',
  ]
  static override args = {workspace: workspaceArg({description: 'titles, names or ids; with --restore, a date'})}
  static override strict = false
  static override flags = {
    ...profileFlag,
    all: Flags.boolean({description: 'every workspace that SSH reaches, shared ones and more than 200 too'}),
    'dry-run': Flags.boolean({description: 'show what would change, and write nothing', exclusive: ['check']}),
    check: Flags.boolean({description: 'exit with 1 where something would change'}),
    remove: Flags.boolean({description: 'take the block out', exclusive: ['check', 'restore', 'all', 'include']}),
    restore: Flags.boolean({description: 'put a copy back that was kept', exclusive: ['check', 'all', 'include']}),
    adopt: Flags.boolean({description: 'replace a block that another tool has written or changed'}),
    include: Flags.boolean({description: 'keep the entries in a file of ours, and one line in yours'}),
    multiplex: Flags.boolean({
      description:
        'connections to a host share one (docs/editors.md tells what that costs); stays until --no-multiplex',
      allowNo: true,
    }),
    'ssh-config-file': Flags.string({helpValue: '<path>', description: 'another file than ~/.ssh/config'}),
  }

  async run(): Promise<ReturnType<typeof toJson> | ReturnType<typeof undoneJson>> {
    const {argv, flags} = await this.parse(ConfigSsh)
    const words = argv.map(String)
    const context = this.createContext()
    const [file, isDryRun] = [flags['ssh-config-file'], flags['dry-run']]
    if (flags.remove || flags.restore) {
      const undo = flags.remove
        ? removeHosts(context, {file, isDryRun, adopt: flags.adopt})
        : restoreConfig(context, {file, isDryRun, which: words[0]})
      const undone = await this.#showingPaste(undo)
      this.#logUndone(undone, isDryRun)
      return undoneJson(undone, isDryRun)
    }
    const mode = flags.check ? 'check' : isDryRun ? 'dry-run' : 'write'
    const {profile, all, include, adopt, multiplex} = flags
    const program = {node: process.execPath, script: `${this.config.root}/bin/run.js`}
    const input = {workspaces: words, profile, all, file, include, adopt, multiplex, mode, program} as const
    const result = await this.#showingPaste(configSsh(context, input))
    if (mode === 'check' && !result.isUpToDate) process.exitCode = 1
    this.#logResult(result, mode)
    return toJson(result, mode)
  }

  #logResult(result: ConfigSshResult, mode: Mode): void {
    const {file, hosts, isUpToDate, added, removed, refused, diff} = result
    if (mode === 'dry-run') this.#logLines(diff)
    const state = isUpToDate ? 'is up to date' : mode === 'write' ? 'is written' : 'is not up to date'
    this.log(`${file} ${state}: ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}.`)
    if (added.length > 0) this.log(`New: ${added.join(', ')}`)
    for (const {alias, why} of removed) this.log(`Gone: ${alias} (${why})`)
    for (const {title, id, why} of refused) this.say(`No entry for ${title} (${id}): ${why}.`)
    const [first] = added
    if (mode === 'write' && first !== undefined) this.log(`Try it: ssh ${first}`)
  }

  #logUndone({file, isChanged, restored, removed, diff}: Undone, isDryRun: boolean): void {
    if (isDryRun) this.#logLines(diff)
    if (!isChanged) this.log(`${file} stays as it is.`)
    else if (isDryRun) this.log(`${file} would change.`)
    else if (restored !== undefined) this.log(`${file} is as it was at ${restored}.`)
    else this.log(`${file} is as it was without the block. Gone: ${removed.join(', ')}`)
  }

  #logLines(text: string): void {
    for (const line of text.split('\n').slice(0, -1)) this.log(line.replace(/\r$/, ''))
  }

  /** What the user is to put into a file that we can't write, as text to copy. */
  async #showingPaste<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      const paste = error instanceof RuncodeError ? error.facts['paste'] : undefined
      if (typeof paste === 'string') this.#logLines(`${paste}\n`)
      throw error
    }
  }
}

type Mode = 'write' | 'dry-run' | 'check'

const toJson = (result: ConfigSshResult, mode: Mode) => ({
  file: result.file,
  included_file: result.includedFile ?? null,
  profile: result.account,
  up_to_date: result.isUpToDate || mode === 'write',
  changed: mode === 'write' && !result.isUpToDate,
  hosts: result.hosts.map(({alias, account, workspaceId, user}) => ({
    host: alias,
    profile: account,
    workspace: {id: workspaceId, title: user},
  })),
  added: result.added,
  updated: result.updated,
  removed: result.removed.map(({alias, why}) => ({host: alias, why})),
  refused: result.refused.map(({id, title, why}) => ({workspace: {id, title}, why})),
  backup: result.backup ?? null,
  diff: mode === 'write' ? null : result.diff,
})

const undoneJson = ({file, isChanged, removed, backup, restored, diff}: Undone, isDryRun: boolean) => ({
  file,
  changed: isChanged && !isDryRun,
  removed: removed.map((host) => ({host, why: 'removed'})),
  restored: restored ?? null,
  backup: backup ?? null,
  diff: isDryRun ? diff : null,
})
