import assert from 'node:assert/strict'
import {packageOf, roomOf, type SourceFile, sourceFiles} from './source-tree.ts'

const PURE = [
  'core',
  'workspace',
  'network',
  'openssh',
  'session',
  'provider',
  'profile',
  'credentials',
  'attachment',
  'login',
  'remote-command',
  'transfer',
  'forward',
  'user-ssh-config',
]

/** The plan of the house: which rooms a room may look into. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  workspace: ['core'],
  network: ['core'],
  openssh: ['core'],
  session: ['core', 'workspace', 'openssh'],
  provider: ['core', 'workspace', 'network'],
  profile: ['core', 'workspace'],
  credentials: ['core'],
  attachment: ['core', 'workspace'],
  login: ['core', 'credentials'],
  'remote-command': ['core', 'openssh', 'session'],
  transfer: ['core', 'workspace', 'remote-command'],
  forward: ['core', 'workspace', 'openssh', 'session'],
  'user-ssh-config': ['core', 'workspace', 'openssh'],
  doctor: ['core', 'workspace', 'network', 'openssh', 'credentials', 'user-ssh-config'],
  actions: [...PURE, 'doctor'],
  cli: [...PURE, 'doctor', 'actions'],
  commands: [...PURE, 'doctor', 'actions', 'cli'],
  server: ['core', 'workspace', 'openssh'],
}

/** Where each package lives. */
const ROOM_OF_PACKAGE: Readonly<Record<string, readonly string[]>> = {
  '@oclif/core': ['src/cli', 'src/commands'],
  got: ['src/network'],
  keytar: ['src/credentials'],
  'fastest-levenshtein': ['src/cli'],
  listr2: ['src/cli/ui'],
  open: ['src/cli/ui'],
  fastify: ['src/server/api'],
  libsql: ['src/server/store'],
  ssh2: ['src/server/gateway'],
  '@lydell/node-pty': ['src/server/runtime'],
  '@peculiar/x509': ['src/server/certificate-authority'],
  'reflect-metadata': ['src/server/certificate-authority'],
}

const files = sourceFiles('src')

/** What an import says wrongly, as lines to read. */
const offences = (judge: (file: SourceFile, at: SourceFile['imports'][number]) => boolean): readonly string[] =>
  files.flatMap((file) =>
    file.imports.filter((one) => !judge(file, one)).map(({specifier, kind}) => `${file.path}: ${kind} ${specifier}`),
  )

describe('the house', () => {
  it('has no other rooms than those of its plan', () => {
    assert.deepEqual([...new Set(files.map(({path}) => roomOf(path)))].toSorted(), Object.keys(MAY_IMPORT).toSorted())
  })

  it('imports one way only', () => {
    const found = offences(({path}, {file, kind}) => {
      if (file === undefined) return true
      const [from, to] = [roomOf(path), roomOf(file)]
      // The server is a program of its own: others know its types, and load it when it is asked for.
      if (to === 'server' && from !== 'server') return (from === 'actions' || from === 'cli') && kind !== 'static'
      return from === to || (MAY_IMPORT[from]?.includes(to) ?? false)
    })
    assert.deepEqual(found, [])
  })

  it('keeps each package in its one room', () => {
    const found = offences(({path}, {specifier, file}) => {
      if (file !== undefined || specifier.startsWith('node:')) return true
      return ROOM_OF_PACKAGE[packageOf(specifier)]?.some((room) => path.startsWith(`${room}/`)) ?? false
    })
    assert.deepEqual(found, [])
  })

  it('has no circle of static imports', () => {
    const edges = new Map(
      files.map(({path, imports}) => [
        path,
        imports.flatMap(({kind, file}) => (kind === 'static' && file !== undefined ? [file] : [])),
      ]),
    )
    const done = new Set<string>()
    const visit = (path: string, trail: readonly string[]): void => {
      assert.ok(!trail.includes(path), `a circle: ${[...trail, path].join(' -> ')}`)
      if (done.has(path)) return
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of edges.keys()) visit(path, [])
  })

  it('has files of one thought: 200 lines at most', () => {
    assert.deepEqual(
      files.filter(({path}) => path !== 'src/core/errors.ts' && lineCount(path) > 200).map(({path}) => path),
      [],
    )
  })
})

const lineCount = (path: string): number => files.find((one) => one.path === path)?.text.split('\n').length ?? 0
