import {mkdtempSync, realpathSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** A new, empty folder of mode 0700 for each test of the suite that asks; removed after it with all that is in it. */
export function temporaryFolder(): {readonly path: string} {
  let path = ''
  beforeEach(() => {
    path = realpathSync(mkdtempSync(join(tmpdir(), 'runcode-test-')))
  })
  afterEach(() => rmSync(path, {recursive: true, force: true}))
  return {
    get path(): string {
      return path
    },
  }
}
