import {writeSync} from 'node:fs'
import {homedir} from 'node:os'
import {messageOf, systemCode} from '../../core/errors.ts'
import {readPackets, writeParts} from './packets.ts'
import {createSftpSession} from './sftp-session.ts'

/**
 * A program of its own: an SFTP server (version 3) on stdin and stdout, with the rights of whoever runs it, in the
 * folder where relative paths begin. A runtime starts it where the files of a workspace are.
 *
 * It confines nobody, as the user of a workspace has a shell with the same rights. All its calls are synchronous: the
 * answers come in the order of the requests, one client's slow disk or named pipe holds up nobody else, a client that
 * does not read is not served, and when the program ends, the system closes what it had open.
 */
const answer = createSftpSession({home: homedir(), now: Date.now})
try {
  for (const packet of readPackets(0)) writeParts(1, answer(packet))
} catch (error) {
  // A client that is gone needs no words.
  if (systemCode(error) !== 'EPIPE') {
    writeSync(2, `runcode: sftp: ${messageOf(error)}.\n`)
    process.exitCode = 1
  }
}
