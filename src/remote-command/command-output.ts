import type {StatusReader} from './status-reader.ts'

/** What is kept of the words that come before a command, the last ones. */
const LIMIT_BYTES = 65_536

/** What a command writes to its stdout, as it comes from the far side with the records of the wrapper in it. */
export class CommandOutput {
  readonly #stdout: AsyncIterable<Buffer>
  readonly #reader: StatusReader
  #before: Buffer = Buffer.alloc(0)

  constructor(stdout: AsyncIterable<Buffer>, reader: StatusReader) {
    this.#stdout = stdout
    this.#reader = reader
  }

  /** Without the records. Nothing is given before the command has begun; then what came before goes first. */
  async *bytes(onBegin: () => void): AsyncGenerator<Buffer> {
    for await (const chunk of this.#stdout) {
      const bytes = this.#reader.read(chunk)
      if (this.#reader.status.hasBegun) {
        onBegin()
        yield this.#before.length === 0 ? bytes : Buffer.concat([this.#before, bytes])
        this.#before = Buffer.alloc(0)
      } else {
        this.#before = Buffer.concat([this.#before, bytes]).subarray(-LIMIT_BYTES)
      }
    }
    if (this.#reader.status.hasBegun) yield this.#reader.rest()
  }

  /** Of a command that did not begin, what came from the far side: the words of rc files. */
  noise(): string {
    return this.#before.toString('utf8')
  }
}
