import {deadlineIn} from '../core/deadline.ts'
import type {Workspace} from '../workspace/workspace.ts'
import type {Context} from './context.ts'
import {warnOfStaleEntries} from './hosts/stale-entries.ts'
import {openAccount, prefixOf} from './open-account.ts'

const LIMIT_MS = 30_000

export interface ListedWorkspaces {
  readonly account: string
  /** What a command that we suggest needs before the name. */
  readonly prefix: string
  readonly workspaces: readonly Workspace[]
}

/** The workspaces of an account; those that SSH can't reach only with `all`. */
export async function listWorkspaces(
  context: Context,
  {profile, all, limitMs = LIMIT_MS}: {profile: string | undefined; all: boolean; limitMs?: number},
): Promise<ListedWorkspaces> {
  const {account, plane} = await openAccount(context, {flag: profile})
  const workspaces = await plane.listWorkspaces(deadlineIn(limitMs, context.interrupted))
  await warnOfStaleEntries(context, account.name, workspaces)
  return {
    account: account.name,
    prefix: prefixOf(account),
    workspaces: all ? workspaces : workspaces.filter(({hasSsh}) => hasSsh),
  }
}
