import type {Candidate} from './candidates.ts'

/** A shell that asks us what may stand where the cursor is, when its user presses TAB. */
interface Shell {
  /** To be read by the shell when it starts. It asks `runcode complete`, and runs nothing of what that says. */
  readonly script: string
  /** A line that it understands, cut at its tab. */
  cells(candidate: Candidate, current: string): readonly string[]
}

/** The line that asks for names of files, which each shell completes best itself. No candidate begins so. */
export const FILES_LINE = ':files'

const tabbed = ({value, text}: Candidate): readonly string[] => [value, text]

/** The last of the words stands behind an equals sign: it may be empty, which PowerShell before 7.3 would leave out. */
export const SHELLS = {
  bash: {
    script: `_runcode() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ${FILES_LINE} ]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("$line")
    fi
  done < <(runcode complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "=\${COMP_WORDS[COMP_CWORD]}" 2>/dev/null </dev/null)
}
complete -F _runcode runcode
`,
    // It takes a colon for the end of a word, and wants to hear what comes behind it.
    cells: ({value}, current) => [value.slice(current.lastIndexOf(':') + 1)],
  },
  zsh: {
    script: `#compdef runcode
_runcode() {
  local -a lines
  lines=("\${(@f)$(runcode complete zsh -- "\${(@Q)words[2,CURRENT-1]}" "=\${(Q)words[CURRENT]}" 2>/dev/null </dev/null)}")
  if [[ "$lines[1]" = ${FILES_LINE} ]]; then
    _files
  elif [[ -n "$lines[1]" ]]; then
    _describe runcode lines
  fi
}
if [ "$funcstack[1]" = _runcode ]; then
  _runcode "$@"
else
  compdef _runcode runcode
fi
`,
    cells: ({value, text}) => [`${value.replaceAll(':', '\\:')}:${text}`],
  },
  fish: {
    script: `function __runcode_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l lines (runcode complete fish -- $words "="(commandline -ct) 2>/dev/null </dev/null)
  if test "$lines[1]" = ${FILES_LINE}
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $lines
  end
end
complete -c runcode -f -a '(__runcode_complete)'
`,
    cells: tabbed,
  },
  powershell: {
    script: `Register-ArgumentCompleter -Native -CommandName runcode -ScriptBlock {
  param($current, $line, $cursor)
  $words = @($line.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { "$_" })
  runcode complete powershell '--' @words "=$current" 2>$null | ForEach-Object {
    if ($_ -ne '${FILES_LINE}') {
      $value, $text = $_ -split "\`t", 2
      if (-not $text) { $text = $value }
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $text)
    }
  }
}
`,
    cells: tabbed,
  },
} as const satisfies Readonly<Record<string, Shell>>

export type ShellName = keyof typeof SHELLS

/** The words as they were typed, where bash has cut them at each colon and equals sign. */
export const joined = (words: readonly string[]): readonly string[] => {
  const whole: string[] = []
  let isOpen = false
  for (const word of words) {
    const isCut = /^[:=]+$/.test(word)
    if ((isCut || isOpen) && whole.length > 0) whole.push(`${whole.pop()}${word}`)
    else whole.push(word)
    isOpen = isCut
  }
  return whole
}
