import {parseWorkspaceId, type Workspace} from '../../workspace/workspace.ts'
import {BadAnswerError} from '../refusal.ts'

interface Source {
  readonly isShared: boolean
  readonly origin: string
}

/** The rows of one list. A row without a usable id or title is skipped, as the contract says; a body of another form is BadAnswerError. */
export function parseWorkspaceList(json: unknown, {isShared, origin}: Source): readonly Workspace[] {
  const {data} = (typeof json === 'object' && json !== null ? json : {}) as {
    readonly data?: {readonly workspaces?: unknown} | null
  }
  const rows = data?.workspaces
  if (!Array.isArray(rows)) throw new BadAnswerError(origin, 'it holds no list of workspaces')
  return rows.flatMap((row: unknown) => parseRow(row, isShared) ?? [])
}

const parseRow = (row: unknown, isShared: boolean): Workspace | undefined => {
  if (typeof row !== 'object' || row === null) return undefined
  const fields = row as Readonly<Record<string, unknown>>
  const rawId = fields['id']
  const id = Number.isSafeInteger(rawId) || typeof rawId === 'string' ? parseWorkspaceId(String(rawId)) : undefined
  const title = textOf(fields['title'])
  if (id === undefined || !/^(?:0|[1-9]\d*)$/.test(id) || title === undefined) return undefined
  return {
    id,
    title,
    displayName: textOf(fields['custom_title']) ?? null,
    // While a workspace changes its state, the interim state is the true one.
    state: (textOf(fields['interim_state']) ?? textOf(fields['current_state']) ?? '').toLowerCase(),
    isShared,
    hasSsh: fields['provider'] === 'aws',
  }
}

const textOf = (value: unknown): string | undefined => {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? undefined : text.slice(0, 500)
}

/** Own and shared in one list: who owns a workspace sees it as own; sorted by id. */
export function mergeWorkspaces(own: readonly Workspace[], shared: readonly Workspace[]): readonly Workspace[] {
  const byId = new Map<string, Workspace>()
  for (const workspace of [...own, ...shared]) if (!byId.has(workspace.id)) byId.set(workspace.id, workspace)
  return [...byId.values()].toSorted((a, b) => Number(a.id) - Number(b.id))
}
