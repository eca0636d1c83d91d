// Preloaded (NODE_OPTIONS=--import) into a program that shall run as in a sandbox where nobody may listen.
import {Server} from 'node:net'

Server.prototype.listen = function listen() {
  const error = Object.assign(new Error('listen EPERM: operation not permitted 127.0.0.1'), {code: 'EPERM'})
  process.nextTick(() => this.emit('error', error))
  return this
}
