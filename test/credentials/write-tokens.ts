import {fileStore} from '../../src/credentials/file-store.ts'

/** A program: writes ten tokens of accounts whose names begin with its second argument. */
const [, , config = '', name = ''] = process.argv
for (let at = 0; at < 10; at += 1) {
  await fileStore(config).write(
    {origin: 'https://app.example.com', account: `${name}${at}`},
    `rc_${name}${at}`,
    new Date(),
  )
}
