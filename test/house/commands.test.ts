import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Config} from '@oclif/core'
import {ROOT} from './source-tree.ts'

interface Manifest {
  readonly commands: Readonly<
    Record<
      string,
      {
        readonly summary?: string
        readonly examples?: readonly string[]
        readonly args: Readonly<Record<string, {readonly description?: string}>>
        readonly flags: Readonly<Record<string, {readonly description?: string}>>
      }
    >
  >
}

const {commands} = JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')) as Manifest

describe('the commands', () => {
  it('are those of the committed tree, with their arguments and flags', () => {
    const tree = Object.entries(commands).map(([id, {args, flags}]) =>
      [
        id.replaceAll(':', ' '),
        ...Object.keys(args).map((name) => `<${name}>`),
        ...Object.keys(flags)
          .toSorted()
          .map((name) => `--${name}`),
      ].join(' '),
    )
    assert.equal(`${tree.toSorted().join('\n')}\n`, readFileSync(join(ROOT, 'test/fixtures/commands.txt'), 'utf8'))
  })

  it('each have a summary, an example, --json, and words for every flag and argument', () => {
    const poor = Object.entries(commands).filter(
      ([, {summary, examples = [], flags, args}]) =>
        !summary ||
        examples.length === 0 ||
        flags['json'] === undefined ||
        [...Object.values(flags), ...Object.values(args)].some(({description}) => !description),
    )
    assert.deepEqual(
      poor.map(([id]) => id),
      [],
    )
  })

  it('never take an omitted argument from a pipe on stdin', async () => {
    // The manifest does not keep this, so the classes themselves are asked.
    const {commands: all} = await Config.load({root: ROOT})
    const classes = await Promise.all(all.map(async (one) => ({id: one.id, args: (await one.load()).args})))
    const thirsty = classes.filter(({args}) => Object.values(args).some(({ignoreStdin}) => ignoreStdin !== true))
    assert.deepEqual(
      thirsty.map(({id}) => id),
      [],
    )
  })

  it('are what the committed manifest and the pages of docs say', async () => {
    const {generated} = (await import(join(ROOT, 'scripts/build.js'))) as {
      generated: () => Promise<ReadonlyMap<string, string>>
    }
    for (const [path, text] of await generated())
      assert.equal(readFileSync(path, 'utf8'), text, `${path} is stale: npm run build`)
  })
})
