import type {FastifyReply, FastifyRequest} from 'fastify'
import {messageOf} from '../../core/errors.ts'
import {quietly} from '../quietly.ts'
import type {ApiOptions} from './api-options.ts'

/** An answer other than 2xx, with a sentence for the client. */
export class Refusal extends Error {
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.statusCode = statusCode
  }
}

/** Answers whatever a route threw: our refusals and the framework's in their words, a mistake of ours without any of its own. */
export const answerFailure =
  ({store, now}: Pick<ApiOptions, 'store' | 'now'>) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const status = statusOf(error)
    if (status === 401) void reply.header('www-authenticate', 'Token')
    if (status < 500) return void reply.code(status).send(refusalBody(status, messageOf(error)))
    const facts = {method: request.method, route: request.routeOptions.url ?? null, reason: messageOf(error)}
    quietly(() => store.audit.record('request_failed', facts, now()))
    void reply.code(status).send(refusalBody(status, 'The server made a mistake, or its disk is full.'))
  }

/** The body of every refusal. A 401 also has the `detail` that clients of RunCode may look for. */
export const refusalBody = (status: number, message: string): Record<string, unknown> =>
  status === 401 ? {error: true, message, detail: message} : {error: true, message}

const statusOf = (error: unknown): number => {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
