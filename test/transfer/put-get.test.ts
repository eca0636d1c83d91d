import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {basename, join} from 'node:path'
import {Readable} from 'node:stream'
import {getFile} from '../../src/transfer/get-file.ts'
import {announcedTree, type GetTree, getTree} from '../../src/transfer/get-tree.ts'
import {keepFile} from '../../src/transfer/kept-file.ts'
import {walkTree} from '../../src/transfer/local-tree.ts'
import {type PutFile, putFile} from '../../src/transfer/put-file.ts'
import {type PutTree, putTree} from '../../src/transfer/put-tree.ts'
import type {RemoteFile} from '../../src/transfer/sent-file.ts'
import type {Transferred} from '../../src/transfer/transfer.ts'
import {countingMeter, type LocalFarOptions, localFar, NO_METER, pathOf} from '../support/local-far.ts'
import {LOGIN_SHELLS} from '../support/shells.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const TOOLS =
  'awk base64 cat chmod dd find fold head ln ls mkdir mv rm sed sh sleep stat tail tar touch wc xargs'.split(' ')
const OPTIONS = {isVerified: true, mayReplace: true, interrupted: new AbortController().signal, meter: NO_METER}
const LARGE_BYTES = 9 << 20

for (const kind of ['this machine', 'busybox alone', 'streams of text, and busybox'] as const) {
  describe(`a transfer with ${kind}`, function () {
    this.timeout(30_000)
    const [isBusybox, isText] = [kind.includes('busybox'), kind.includes('text')]
    const folder = temporaryFolder()
    const here = (...names: string[]): string => join(folder.path, 'here', ...names)
    const there = (...names: string[]): string => join(folder.path, 'there', ...names)

    const farSide = (options: Partial<LocalFarOptions> = {}) => {
      mkdirSync(here(), {recursive: true})
      mkdirSync(there(), {recursive: true})
      const cwd = there()
      const streams = isText ? 'text' : 'bytes'
      if (!isBusybox) return localFar({cwd, streams, ...options})
      const busybox = LOGIN_SHELLS.find(({name}) => name === 'busybox sh')?.path ?? 'no busybox'
      const bin = join(folder.path, 'bin')
      const path = existsSync(bin) ? bin : pathOf(bin, [...TOOLS, 'sha256sum'], () => busybox)
      return localFar({cwd, streams, shell: [busybox], path, ...options})
    }

    before(function () {
      if (isBusybox && !LOGIN_SHELLS.some(({name}) => name === 'busybox sh')) this.skip()
    })

    const put = (source: string, target: string, rest: Partial<PutFile> = {}, options: Partial<LocalFarOptions> = {}) =>
      putFile(farSide(options), {
        ...{...OPTIONS, source: {path: source}, target, base: basename(source), isResumed: false},
        ...rest,
      })

    const get = async (
      path: string,
      to: string,
      {isResumed = false, isVerified = true, mayReplace = true} = {},
      options: Partial<LocalFarOptions> = {},
    ): Promise<RemoteFile> => {
      const far = farSide(options)
      const file = keepFile(to, {mayReplace, isResumed})
      try {
        const got = await getFile(far, {path, isVerified, meter: NO_METER}, file)
        await file.leave('part')
        file.commit(got)
        return got
      } catch (error) {
        await file.leave('nothing').catch(() => undefined)
        throw error
      }
    }

    const tree = (target: string, names: readonly string[], rest: Partial<PutTree> = {}): Promise<Transferred> => {
      const roots = names.map((name) => ({path: here(name), name}))
      return putTree(farSide(), {...OPTIONS, tree: walkTree(roots, {follows: false}), names, target, ...rest})
    }

    const getAll = (
      sources: readonly string[],
      rest: Partial<GetTree> = {},
      options: Partial<LocalFarOptions> = {},
    ): Promise<Transferred> =>
      getTree(farSide(options), {
        ...{...OPTIONS, follows: false, isRecursive: true},
        sources: sources.map((path) => ({path, to: here('got', basename(path))})),
        ...rest,
      })

    /** A file here with a mode and a time of its own. */
    const make = (name: string, bytes: Buffer | string): string => {
      mkdirSync(here(), {recursive: true})
      writeFileSync(here(name), bytes)
      chmodSync(here(name), 0o751)
      utimesSync(here(name), 1_000_000_000, 1_000_000_001)
      return here(name)
    }
    const litter = (place: string): readonly string[] =>
      readdirSync(place, {recursive: true, encoding: 'utf8'}).filter((name) => name.includes('.runcode-'))

    for (const [size, what] of [
      [0, 'nothing'],
      [1, 'a byte'],
      [65_536, 'a block'],
      [LARGE_BYTES + 3, 'much'],
    ] as const) {
      it(`brings ${what} there and back, with its mode and time`, async () => {
        const bytes = randomBytes(size)
        const source = make('a file', bytes)
        assert.deepEqual(await put(source, 'a/b c'), {files: 1, bytes: size, resumedBytes: 0, isInto: false})
        assert.ok(readFileSync(there('a/b c')).equals(bytes))
        const {mode, mtimeMs} = statSync(there('a/b c'))
        assert.deepEqual([mode & 0o777, mtimeMs], [0o751, 1_000_000_001_000])
        await get('a/b c', here('back'))
        assert.ok(readFileSync(here('back')).equals(bytes))
        const back = statSync(here('back'))
        assert.deepEqual([back.mode & 0o777, back.mtimeMs], [0o751 & ~process.umask(), 1_000_000_001_000])
        assert.deepEqual([...litter(there()), ...litter(here())], [])
      })
    }

    it('takes any name: with newlines, quotes, dashes and 255 bytes, in directories that it makes', async () => {
      const source = make('x', 'x')
      for (const name of ['-rf', 'a\nb', "it's $HOME `id`", '*', ' ', '\\', 'n'.repeat(255), '-/-n']) {
        await put(source, name)
        assert.equal(readFileSync(there(name), 'utf8'), 'x', name)
        await get(name, here('back'))
      }
    })

    it('goes into a directory that is there, under its own name, and below HOME with ~/', async () => {
      const source = make('name', 'x')
      mkdirSync(there('dir'), {recursive: true})
      assert.equal((await put(source, 'dir')).isInto, true)
      assert.equal((await put(source, '~/new/')).isInto, true)
      assert.deepEqual([readFileSync(there('dir/name'), 'utf8'), readFileSync(there('new/name'), 'utf8')], ['x', 'x'])
      await get('~/dir/name', here('back'))
    })

    it('brings a stream there whose size nobody knows', async () => {
      const bytes = randomBytes(300_000)
      await put('-', 'stream', {source: {stream: () => Readable.from([bytes, Buffer.from('!')])}, base: '-'})
      assert.ok(readFileSync(there('stream')).equals(Buffer.concat([bytes, Buffer.from('!')])))
    })

    it('replaces a link, never what it leads to', async () => {
      const source = make('x', 'new')
      mkdirSync(there(), {recursive: true})
      writeFileSync(there('real'), 'old')
      symlinkSync('real', there('link'))
      await put(source, 'link')
      assert.deepEqual([readFileSync(there('real'), 'utf8'), readFileSync(there('link'), 'utf8')], ['old', 'new'])
      writeFileSync(here('real'), 'old')
      symlinkSync('real', here('link'))
      await get('link', here('link'))
      assert.deepEqual([readFileSync(here('real'), 'utf8'), readFileSync(here('link'), 'utf8')], ['old', 'new'])
    })

    it('replaces no link that is another name of a device, a pipe or an open file', async () => {
      const source = make('x', 'new')
      mkdirSync(there(), {recursive: true})
      writeFileSync(there('x'), 'new')
      for (const folder of [here(), there()]) {
        execFileSync('mkfifo', [join(folder, 'pipe')])
        symlinkSync('pipe', join(folder, 'link'))
      }
      symlinkSync('/proc/self/fd/1', here('stdout'))
      await assert.rejects(put(source, 'link'), {code: 'no_such_file', message: /no regular file/})
      rmSync(here('link'))
      make('link', 'new')
      make('y', 'new')
      await assert.rejects(tree('.', ['link', 'y']), {code: 'transfer_failed'})
      rmSync(here('link'))
      symlinkSync('pipe', here('link'))
      for (const name of ['link', 'stdout']) {
        await assert.rejects(get('x', here(name)), {code: 'no_such_file', hint: /- for stdout/})
        const sources = [{path: 'x', to: here(name)}]
        await assert.rejects(getAll([], {sources}), {code: 'no_such_file', message: /in the way/})
      }
      symlinkSync('circle', here('circle'))
      await get('x', here('circle'))
      assert.equal(readFileSync(here('circle'), 'utf8'), 'new')
      assert.ok(lstatSync(here('link')).isSymbolicLink() && lstatSync(there('link')).isSymbolicLink())
    })

    it('replaces nothing with --no-clobber, and leaves nothing behind', async () => {
      for (const size of [3, LARGE_BYTES]) {
        const source = make('x', randomBytes(size))
        await put(source, 'x')
        writeFileSync(there('x'), 'old')
        await assert.rejects(put(source, 'x', {mayReplace: false}), {code: 'exists'})
        // Also where it appears in the meantime.
        const late = (script: string): string => script.replaceAll('[ "$clobber" = yes ] || fail exists', ':')
        await assert.rejects(put(source, 'x', {mayReplace: false}, {edit: late}), {code: 'exists'})
        assert.equal(readFileSync(there('x'), 'utf8'), 'old')
        await put(source, `y${size}`, {mayReplace: false})
        await assert.rejects(get(`y${size}`, source, {mayReplace: false}), {code: 'exists'})
        // Nothing is asked of the workspace for what is seen here.
        assert.throws(() => keepFile(source, {mayReplace: false, isResumed: false}), {code: 'exists'})
        assert.equal(statSync(here('x')).size, size)
        assert.deepEqual([...litter(there()), ...litter(here())], [])
      }
    })

    it('puts nothing in its place that is not the same there, and takes it away again', async () => {
      const damage = (script: string): string =>
        script.replaceAll('have=$((', 'printf X | dd of="$part" conv=notrunc 2>/dev/null; have=$((')
      for (const size of [3, LARGE_BYTES]) {
        const source = make('x', Buffer.alloc(size))
        mkdirSync(there(), {recursive: true})
        writeFileSync(there('x'), 'old')
        await assert.rejects(put(source, 'x', {}, {edit: damage}), {code: 'checksum_mismatch'})
        assert.equal(readFileSync(there('x'), 'utf8'), 'old')
        assert.deepEqual(litter(there()), [])
      }
      const lie = (script: string): string =>
        script.replaceAll('say sum $($hasher <"$path")', `say sum ${'0'.repeat(64)}`)
      writeFileSync(here('old'), 'old')
      for (const size of [3, LARGE_BYTES]) {
        writeFileSync(there('src'), randomBytes(size))
        await assert.rejects(get('src', here('old'), {}, {edit: lie}), {code: 'checksum_mismatch'})
      }
      assert.equal(readFileSync(here('old'), 'utf8'), 'old')
      assert.deepEqual(litter(here()), [])
    })

    it('never goes without the check where nobody there can tell a checksum, unless it is told to', async () => {
      const source = make('x', 'x')
      const without = (script: string): string =>
        script.replace("'openssl dgst -sha256' sha256sum 'shasum -a 256' 'sha256 -q'", 'nothing')
      await assert.rejects(put(source, 'x', {}, {edit: without}), {code: 'cannot_verify'})
      assert.equal(existsSync(there('x')), false)
      await put(source, 'x', {isVerified: false}, {edit: without})
      await assert.rejects(get('x', here('y'), {}, {edit: without}), {code: 'cannot_verify'})
      await get('x', here('y'), {isVerified: false}, {edit: without})
      assert.equal(readFileSync(here('y'), 'utf8'), 'x')
    })

    it('says what is wrong with a source or a target', async () => {
      const source = make('x', 'x')
      mkdirSync(there('dir/x'), {recursive: true})
      await assert.rejects(put(source, 'dir'), {code: 'no_such_file'})
      await assert.rejects(get('nope', here('y')), {code: 'no_such_file', message: /is not there/})
      await assert.rejects(get('dir', here('y')), {code: 'no_such_file', message: /is a directory/})
      // A pipe of our own stands for devices: whoever breaks the guard must not replace one of this machine's.
      execFileSync('mkfifo', [there('pipe')])
      await assert.rejects(get('pipe', here('y')), {code: 'no_such_file', message: /is no regular file/})
      await assert.rejects(put(source, 'pipe'), {code: 'no_such_file'})
      assert.ok(statSync(there('pipe')).isFIFO())
      await assert.rejects(
        put(source, 'dir/x/../../../there/dir/x/file/below/', {}, {edit: (it) => it.replaceAll('mkdir', 'false')}),
        {
          code: 'transfer_failed',
        },
      )
    })

    it('skips what shell files print, and says so', async () => {
      const bytes = randomBytes(LARGE_BYTES)
      const source = make('x', bytes)
      const far = farSide({noise: 'Welcome!\nhow are you\n'})
      const rest = {...OPTIONS, target: 'x', base: 'x', isResumed: false, source: {path: source}}
      await putFile(far, rest)
      const file = keepFile(here('y'), {mayReplace: true, isResumed: false})
      const got = await getFile(far, {path: 'x', isVerified: true, meter: NO_METER}, file)
      await file.leave('part')
      file.commit(got)
      assert.ok(readFileSync(here('y')).equals(bytes))
      assert.match(far.warnings[0] ?? '', /left out: Welcome!$/)
    })

    it('goes on with a part, if its end is the same; the rest is compared as ever', async () => {
      const bytes = randomBytes(LARGE_BYTES)
      const source = make('x', bytes)
      const cut = (script: string): string => script.replaceAll('cat >"$part"', 'head -c 5000000 >"$part"')
      // A part as a killed put leaves it: its process is gone.
      await assert.rejects(put(source, 'x', {}, {edit: cut}))
      assert.equal(litter(there()).length, 1)
      assert.equal((statSync(there(litter(there())[0] ?? '')).mode & 0o777).toString(8), '600')
      const {resumedBytes} = await put(source, 'x', {isResumed: true})
      assert.ok(resumedBytes > 1_000_000, String(resumedBytes))
      assert.ok(readFileSync(there('x')).equals(bytes))
      assert.deepEqual(litter(there()), [])
      // One that was damaged meanwhile.
      await assert.rejects(put(source, 'y', {}, {edit: cut}))
      writeFileSync(there(litter(there())[0] ?? ''), Buffer.alloc(3_000_000))
      const far = farSide()
      const rest = {...OPTIONS, source: {path: source}, target: 'y', base: 'x', isResumed: true}
      assert.equal((await putFile(far, rest)).resumedBytes, 0)
      // Looked at, received, put in its place: nothing was sent in vain.
      assert.equal(far.calls, 3)
      // Damaged before its end: what was resumed is thrown away, and begun anew.
      await assert.rejects(put(source, 'z', {}, {edit: cut}))
      const part = there(litter(there())[0] ?? '')
      writeFileSync(part, Buffer.concat([Buffer.from('no'), readFileSync(part).subarray(2)]))
      assert.equal((await put(source, 'z', {isResumed: true})).resumedBytes, 0)
      assert.ok(readFileSync(there('z')).equals(bytes))
      assert.deepEqual(litter(there()), [])
    })

    it('goes on with a part here, and begins anew where the file there is another one', async () => {
      const bytes = randomBytes(LARGE_BYTES)
      const source = make('src', bytes)
      await put(source, 'src')
      const partOf = (name: string, part: Buffer): void => {
        const known = `${LARGE_BYTES}_751_1000000001`
        // The name that keepFile() gives, with a process that is gone.
        const file = keepFile(here(name), {mayReplace: true, isResumed: false})
        file.begin({known: known.replaceAll('_', ' '), from: 0, sizeBytes: 0, mode: 0, mtimeSeconds: 0})
        const [temporary = ''] = litter(here())
        writeFileSync(here(temporary), part)
      }
      partOf('dst', bytes.subarray(0, 4_000_000))
      const {from} = await get('src', here('dst'), {isResumed: true})
      assert.ok(from > 3_000_000, String(from))
      assert.ok(readFileSync(here('dst')).equals(bytes))
      utimesSync(there('src'), 5, 5)
      partOf('dst', bytes.subarray(0, 4_000_000))
      assert.equal((await get('src', here('dst'), {isResumed: true})).from, 0)
      assert.deepEqual(litter(here()), [])
    })

    it('cuts a file that is longer than it was announced, and keeps nothing of it', async () => {
      farSide()
      make('x', 'mine')
      const more = `send sh -c 'cat "$0"; while :; do printf %04000d 0; sleep 0.05; done' "$path"`
      const edit = (script: string): string => script.replaceAll('then send cat "$path"', `then ${more}`)
      for (const size of [3, LARGE_BYTES]) {
        writeFileSync(there('long'), Buffer.alloc(size))
        await assert.rejects(get('long', here('x'), {isVerified: false}, {edit}), {code: 'file_changed'})
      }
      assert.equal(readFileSync(here('x'), 'utf8'), 'mine')
      assert.deepEqual(litter(here()), [])
    })

    const makeTree = (): void => {
      mkdirSync(here('t/sub/deep'), {recursive: true})
      mkdirSync(here('t/empty'))
      for (const name of ['zero', '-dash', 'new\nline', 'a  b', '.hidden', 'n'.repeat(255), 'sub/é', 'sub/deep/x'])
        writeFileSync(here('t', name), name === 'zero' ? '' : randomBytes(700))
      writeFileSync(Buffer.concat([Buffer.from(`${here('t')}/by`), Buffer.from([0xff]), Buffer.from('te')]), 'bytes')
      writeFileSync(here('t/sub/big'), randomBytes(2_000_000))
      chmodSync(here('t/sub/big'), 0o640)
      utimesSync(here('t/sub/big'), 1_000_000_000, 1_000_000_001)
      symlinkSync('zero', here('t/link'))
      symlinkSync('../zero', here('t/sub/up'))
    }
    /** Every name with what is behind it. */
    const factsOf = (place: string): readonly string[] =>
      readdirSync(place, {recursive: true, encoding: 'latin1'} as unknown as {recursive: true; encoding: 'utf8'})
        .map((name) => {
          const path = Buffer.from(`${place}/${name}`, 'latin1')
          const stats = lstatSync(path)
          const what = stats.isSymbolicLink()
            ? readlinkSync(path)
            : stats.isFile()
              ? `${readFileSync(path, 'latin1')} ${stats.mode & 0o777} ${Math.floor(stats.mtimeMs / 1000)}`
              : 'directory'
          return `${name}: ${what}`
        })
        .toSorted()

    it('brings a tree there and back: any names, links, empty directories, modes and times', async () => {
      farSide()
      makeTree()
      const {files} = await tree('copy', ['t'])
      assert.equal(files, 10)
      assert.deepEqual(factsOf(there('copy')), factsOf(here('t')))
      // Into what is there, beside what else is there.
      writeFileSync(there('copy/other'), 'other')
      await tree('copy', ['t'])
      assert.deepEqual(factsOf(there('copy/t')), factsOf(here('t')))
      mkdirSync(here('got'))
      await getAll(['copy/t'])
      assert.deepEqual(factsOf(here('got/t')), factsOf(here('t')))
      await getAll(['copy/t'])
      assert.deepEqual(factsOf(here('got/t')), factsOf(here('t')))
      assert.deepEqual([...litter(there()), ...litter(here())], [])
    })

    it('brings what links lead to instead of links, where that is asked for', async () => {
      mkdirSync(here('t'), {recursive: true})
      writeFileSync(here('outside'), 'x')
      symlinkSync('../outside', here('t/link'))
      const put = {
        ...OPTIONS,
        tree: walkTree([{path: here('t'), name: 't'}], {follows: true}),
        names: ['t'],
        target: 't',
      }
      await putTree(farSide(), put)
      assert.ok(lstatSync(there('t/link')).isFile())
      writeFileSync(there('outside'), 'y')
      symlinkSync('../outside', there('t/other'))
      mkdirSync(here('got'))
      assert.equal((await getAll(['t'], {follows: true})).files, 2)
      assert.ok(lstatSync(here('got/t/other')).isFile())
      assert.equal(readFileSync(here('got/t/other'), 'utf8'), 'y')
    })

    it('brings several files in one call each way', async () => {
      make('one', '1')
      make('two', '2')
      const far = farSide()
      const names = ['one', 'two']
      const roots = names.map((name) => ({path: here(name), name}))
      const [told, meter] = countingMeter()
      await putTree(far, {...OPTIONS, meter, tree: walkTree(roots, {follows: false}), names, target: 'new/dir'})
      assert.equal(far.calls, 1)
      assert.deepEqual(told, ['0 of 2', '1 of 2', '2 of 2'])
      assert.deepEqual(readdirSync(there('new/dir')).toSorted(), names)
      mkdirSync(here('got'))
      told.length = 0
      await getAll(['new/dir/one', '~/new/dir/two'], {meter})
      assert.deepEqual(readdirSync(here('got')).toSorted(), names)
      assert.deepEqual(told, ['1 of ?', '2 of ?'])
    })

    it('leaves what is there with --no-clobber, brings the rest, and says so', async () => {
      make('one', '1')
      make('two', '2')
      mkdirSync(there('dir'), {recursive: true})
      writeFileSync(there('dir/one'), 'old')
      await assert.rejects(tree('dir', ['one', 'two'], {mayReplace: false}), {code: 'exists'})
      assert.deepEqual([readFileSync(there('dir/one'), 'utf8'), readFileSync(there('dir/two'), 'utf8')], ['old', '2'])
      mkdirSync(here('got'))
      writeFileSync(here('got/one'), 'mine')
      await assert.rejects(getAll(['dir/one', 'dir/two'], {mayReplace: false}), {code: 'exists'})
      assert.deepEqual([readFileSync(here('got/one'), 'utf8'), readFileSync(here('got/two'), 'utf8')], ['mine', '2'])
      assert.deepEqual([...litter(there()), ...litter(here())], [])
    })

    it('replaces nothing of a tree that is not the same on both sides', async () => {
      make('one', '1')
      make('two', '2')
      mkdirSync(there('dir'), {recursive: true})
      writeFileSync(there('dir/one'), 'old')
      const roots = ['one', 'two'].map((name) => ({path: here(name), name}))
      const far = farSide({
        edit: (script) => script.replaceAll('bad=0', ':').replaceAll('[ -f "$part/sum" ]', 'echo x >>"$part/t/one"'),
      })
      const options = {...OPTIONS, tree: walkTree(roots, {follows: false}), names: ['one', 'two'], target: 'dir'}
      await assert.rejects(putTree(far, options), {code: 'checksum_mismatch'})
      assert.equal(readFileSync(there('dir/one'), 'utf8'), 'old')
      assert.deepEqual(litter(there()), [])
      mkdirSync(here('got'))
      writeFileSync(here('got/dir'), 'mine')
      const lying = farSide({edit: (script) => script.replaceAll('xargs -0 cat', 'echo x')})
      const sources = [{path: 'dir/one', to: here('got/dir')}]
      await assert.rejects(getTree(lying, {...OPTIONS, follows: false, isRecursive: true, sources}), {
        code: 'checksum_mismatch',
      })
      assert.equal(readFileSync(here('got/dir'), 'utf8'), 'mine')
      assert.deepEqual(litter(here()), [])
    })

    it('leaves no file out for what a shell file there tells tar and ls', async () => {
      mkdirSync(here('tree'), {recursive: true})
      for (const name of ['one', 'two']) writeFileSync(here('tree', name), name)
      const edit = (script: string): string =>
        `export TAR_OPTIONS=--exclude=one BLOCK_SIZE=1024 LS_BLOCK_SIZE=1024\n${script}`
      const roots = [{path: here('tree'), name: 'tree'}]
      const put = {...OPTIONS, tree: walkTree(roots, {follows: false}), names: ['tree'], target: 'tree'}
      await putTree(farSide({edit}), put)
      assert.deepEqual(readdirSync(there('tree')).toSorted(), ['one', 'two'])
      mkdirSync(here('got'))
      assert.equal((await getAll(['tree'], {}, {edit})).files, 2)
    })

    it('brings directories only where they are asked for, also of several', async () => {
      mkdirSync(there('dir'), {recursive: true})
      writeFileSync(there('file'), 'x')
      mkdirSync(here('got'), {recursive: true})
      const [sources, rest] = [['file', 'dir'], {isRecursive: false}] as const
      await assert.rejects(getAll(sources, rest), {code: 'no_such_file', message: /dir .*is a directory/})
      const planned = announcedTree(farSide(), {...rest, follows: false, sources: [{path: 'dir', to: ''}]})
      await assert.rejects(planned, {code: 'no_such_file', message: /dir .*is a directory/})
      assert.deepEqual(readdirSync(here('got')), [])
    })

    it('says which file could not be read, not that there was one', async () => {
      mkdirSync(there('dir'), {recursive: true})
      mkdirSync(here('got'), {recursive: true})
      const words = 'echo "tar: one: Permission denied" >&2; echo "tar: Error exit delayed from previous errors." >&2'
      const edit = (script: string): string => script.replace('r=$?\nelif', `r=2; ${words}\nelif`)
      await assert.rejects(getAll(['dir'], {}, {edit}), {
        code: 'transfer_failed',
        message: /: tar: one: Permission denied$/,
      })
    })

    it('says that there is no tar', async () => {
      make('one', '1')
      const roots = [{path: here('one'), name: 'one'}]
      const far = farSide({edit: (script) => script.replace('command -v tar', 'false')})
      const options = {...OPTIONS, tree: walkTree(roots, {follows: false}), names: ['one'], target: 'x'}
      await assert.rejects(putTree(far, options), {code: 'missing_program'})
    })

    if (isText)
      it('says that nothing there makes text of bytes', async () => {
        const edit = (script: string): string => script.replaceAll("base64 -d'", "false'")
        await assert.rejects(put(make('x', 'x'), 'x', {}, {edit}), {facts: {program: 'base64'}})
        assert.deepEqual(litter(there()), [])
      })
  })
}
