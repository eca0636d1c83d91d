import {Args} from '@oclif/core'

/**
 * The workspace that a command is for. `ignoreStdin`: oclif would take an omitted argument from a pipe, and agents run us
 * with a pipe on stdin all the time.
 */
export const workspaceArg = Args.custom<string>({
  name: 'workspace',
  description: 'title, name or id, or profile:name',
  ignoreStdin: true,
})
