import {Args} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {SHELLS, type ShellName} from '../cli/completion/shells.ts'

export default class Completion extends BaseCommand {
  static override summary = 'Print what makes TAB complete commands, flags and names of workspaces in your shell'
  static override description = `Where the shell looks for it:
  bash        runcode completion bash > ~/.local/share/bash-completion/completions/runcode
  zsh         runcode completion zsh > a folder of your $fpath, as _runcode
  fish        runcode completion fish > ~/.config/fish/completions/runcode.fish
  PowerShell  runcode completion powershell >> $PROFILE
Names of workspaces are asked for with a limit of a second, and are left out where nobody answers.`
  static override examples = ['<%= config.bin %> completion bash']
  static override args = {
    shell: Args.string({
      description: 'bash, zsh, fish or powershell',
      required: true,
      ignoreStdin: true,
      options: Object.keys(SHELLS),
    }),
  }

  async run(): Promise<{shell: string; script: string}> {
    const {args} = await this.parse(Completion)
    const {script} = SHELLS[args.shell as ShellName]
    for (const line of script.trimEnd().split('\n')) this.log(line)
    return {shell: args.shell, script}
  }
}
