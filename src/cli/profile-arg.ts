import {Args} from '@oclif/core'

/** The profile that a command is for; never from a pipe on stdin. */
export const profileArg = Args.custom<string>({
  name: 'name',
  required: true,
  description: 'name of the profile',
  ignoreStdin: true,
})
