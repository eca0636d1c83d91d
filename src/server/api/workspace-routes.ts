import type {FastifyInstance} from 'fastify'
import type {Verdict} from '../power-rules.ts'
import type {StoredWorkspace} from '../store/store.ts'
import type {ApiOptions} from './api-options.ts'
import {knownWorkspace, WORKSPACE_ID_SCHEMA} from './known-workspace.ts'

/** Listing, starting and stopping, as RunCode's clients ask for them. Starting and stopping are GET there. */
export function workspaceRoutes(app: FastifyInstance, {store, power}: ApiOptions): void {
  app.get<{Querystring: {category: 'active' | 'shared'}}>('/workspaces', {schema: LIST}, async ({query}) => {
    // One owner, so nobody shares anything.
    const workspaces = query.category === 'active' ? store.workspaces.list() : []
    return {error: false, data: {workspaces: workspaces.map(listed)}}
  })
  app.get<{Querystring: {workspace_id: string}}>('/workspace/start', {schema: SWITCH}, async ({query}) =>
    answerOf(power.start(knownWorkspace(store, query.workspace_id))),
  )
  app.get<{Querystring: {workspace_id: string}}>('/workspace/stop', {schema: SWITCH}, async ({query}) =>
    answerOf(power.stop(knownWorkspace(store, query.workspace_id))),
  )
}

const LIST = {
  querystring: {
    type: 'object',
    required: ['category'],
    properties: {category: {type: 'string', enum: ['active', 'shared']}},
  },
} as const

const SWITCH = {
  querystring: {type: 'object', required: ['workspace_id'], properties: {workspace_id: WORKSPACE_ID_SCHEMA}},
} as const

/** `aws` is the one word of the wire for "reachable by SSH". */
const listed = ({id, title, customTitle, interimState, currentState}: StoredWorkspace) => ({
  id,
  title,
  custom_title: customTitle,
  provider: 'aws',
  interim_state: interimState ?? '',
  current_state: currentState,
})

/** A refusal to start or stop is HTTP 200 on this wire. */
const answerOf = ({outcome, message}: Verdict) => ({error: outcome === 'refused', message})
