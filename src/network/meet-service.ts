import type {Peer} from './peer.ts'
import {type JsonRequest, requestJson} from './request-json.ts'

/** What a service shows to anybody. */
export interface ServiceFacts {
  /** Undefined where nothing was heard of it. */
  readonly peer: Peer | undefined
  /** How far the clock of this machine is ahead of the service's, in seconds; undefined where it does not tell the time. */
  readonly aheadSeconds: number | undefined
}

/** Asks a service once, without a token, whatever it answers. Throws what requestJson() throws. */
export async function meetService(
  {url, trust, deadline}: Pick<JsonRequest, 'url' | 'trust' | 'deadline'>,
  now: () => Date,
): Promise<ServiceFacts> {
  let peer: Peer | undefined
  const hearPeer = (shown: Peer): void => {
    peer = shown
  }
  const {date} = await requestJson({method: 'GET', url, authorization: undefined, trust, deadline, hearPeer})
  return {peer, aheadSeconds: date === undefined ? undefined : (now().getTime() - date.getTime()) / 1000}
}
