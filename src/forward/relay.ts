import type {Socket} from 'node:net'

/** What a connection came to. */
export interface Relayed {
  /** Whether the far side said anything at all. */
  readonly wasAnswered: boolean
}

/**
 * Carries bytes between two sockets, each direction with its own end, until both have ended or one is broken; neither is
 * read faster than the other takes it. `isWhole` says at the end of what the far side said whether it has really ended,
 * or what carries it has: a client must not take half an answer for a whole one.
 */
export function relay(client: Socket, far: Socket, isWhole: () => Promise<boolean>): Promise<Relayed> {
  const breakBoth = (): void => {
    client.resetAndDestroy()
    far.destroy()
  }
  let told: Promise<void> | undefined
  const tellEnd = async (): Promise<void> => {
    if (await isWhole()) client.end()
    else breakBoth()
  }
  // Its close follows.
  client.on('error', () => undefined)
  far.on('error', breakBoth)
  far.once('end', () => {
    told = tellEnd()
  })
  client.once('close', () => far.destroySoon())
  client.pipe(far)
  far.pipe(client, {end: false})
  return new Promise((resolve) => {
    far.once('close', async () => {
      await told
      if (told === undefined) client.resetAndDestroy()
      else client.destroySoon()
      resolve({wasAnswered: far.bytesRead > 0})
    })
  })
}
