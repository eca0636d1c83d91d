import type {FastifyInstance} from 'fastify'
import {printable} from '../../core/printable.ts'
import type {StoredWorkspace} from '../store/store.ts'
import type {ApiOptions} from './api-options.ts'
import {ID_SCHEMA} from './known-workspace.ts'
import {Refusal} from './refusal.ts'

interface Creation {
  readonly Body: {readonly title: string; readonly custom_title?: string | null}
}

/** Making and removing workspaces, which RunCode's own contract leaves to its web pages. */
export function ownerWorkspaceRoutes(app: FastifyInstance, {store, runtime, power, now}: ApiOptions): void {
  const shown = ({id, title, customTitle, interimState, currentState, createdAt}: StoredWorkspace) => ({
    id,
    title,
    custom_title: customTitle,
    interim_state: interimState ?? '',
    current_state: currentState,
    workdir: runtime.workdir({id, title}),
    created_at: createdAt.toISOString(),
  })
  app.get('/workspaces', async () => ({workspaces: store.workspaces.list().map(shown)}))
  app.post<Creation>('/workspaces', {schema: CREATION}, async ({body, token}, reply) => {
    const {title, custom_title: customTitle = null} = body
    if (customTitle !== null && printable(customTitle) !== customTitle)
      throw new Refusal(400, 'The custom_title has characters that cannot be shown.')
    if (store.workspaces.byTitle(title) !== undefined) throw new Refusal(409, `There is a workspace ${title} already.`)
    const workspace = store.workspaces.create({title, customTitle}, now())
    store.audit.record('workspace_created', {workspace_id: workspace.id, title, token_id: token?.id ?? null}, now())
    return reply.code(201).send(shown(workspace))
  })
  app.delete<{Params: {id: string}}>('/workspaces/:id', {schema: BY_ID}, async ({params}) => {
    if (!(await power.remove(Number(params.id)))) throw new Refusal(404, `There is no workspace ${params.id}.`)
    return {error: false, message: `Workspace ${params.id} and its files are gone.`}
  })
}

const CREATION = {
  body: {
    type: 'object',
    required: ['title'],
    properties: {
      // A DNS label of 40 characters at most: it is an SSH user, a folder and part of a host alias. With a letter, or it
      // would be taken for an id.
      title: {type: 'string', pattern: '^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'},
      custom_title: {type: 'string', nullable: true, minLength: 1, maxLength: 100},
    },
  },
} as const

const BY_ID = {params: {type: 'object', properties: {id: ID_SCHEMA}}} as const
