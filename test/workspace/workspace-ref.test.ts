import assert from 'node:assert/strict'
import fc from 'fast-check'
import {parseWorkspaceId, type Workspace, type WorkspaceId, wordFor} from '../../src/workspace/workspace.ts'
import {findWorkspace, parseWorkspaceRef} from '../../src/workspace/workspace-ref.ts'

describe('parseWorkspaceRef()', () => {
  for (const [text, profile, name] of [
    ['calm-reed', undefined, 'calm-reed'],
    ['41', undefined, '41'],
    ['work:41', 'work', '41'],
    [' work:Payments API ', 'work', 'Payments API'],
    ['work: 41', 'work', '41'],
    ['a:b:c', 'a', 'b:c'],
    ['Work:41', undefined, 'Work:41'],
    ['a-name-that-is-too-long:41', undefined, 'a-name-that-is-too-long:41'],
    [':41', undefined, ':41'],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${profile ?? 'no profile'} and ${name}`, () =>
      assert.deepEqual(parseWorkspaceRef(text), {profile, name}))
  }

  for (const text of ['', ' ', '\t']) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseWorkspaceRef(text), {name: 'InvalidWorkspaceRefError', code: 'usage', exit: 2}))
  }

  it('gives a name without blanks around it, or refuses, for any text', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        try {
          const {profile, name} = parseWorkspaceRef(text)
          assert.ok(name !== '' && name === name.trim())
          if (profile !== undefined) assert.match(profile, /^[a-z0-9-]{1,20}$/)
        } catch (error) {
          assert.equal((error as {code?: string}).code, 'usage')
        }
      }),
    )
  })
})

describe('findWorkspace()', () => {
  const workspace = (id: string, title: string, facts: Partial<Workspace> = {}): Workspace => ({
    id: id as WorkspaceId,
    title,
    displayName: null,
    state: 'running',
    isShared: false,
    hasSsh: true,
    ...facts,
  })
  const mine = workspace('41', 'calm-reed', {displayName: 'Payments API'})
  const other = workspace('42', 'bold-lake')
  const shared = workspace('50', 'wild-moon', {displayName: 'Payments API', isShared: true})
  const all = [mine, other, shared]

  for (const [name, wanted] of [
    ['41', mine],
    ['calm-reed', mine],
    ['CALM-Reed', mine],
    ['payments api', mine],
    ['bold-lake', other],
    ['wild-moon', shared],
    ['50', shared],
  ] as const) {
    it(`finds ${wanted.title} by ${name}`, () => assert.equal(findWorkspace(all, name), wanted))
  }

  it('never finds a shared workspace by its display name', () => {
    assert.throws(() => findWorkspace([other, shared], 'Payments API'), {
      name: 'WorkspaceNotFoundError',
      code: 'not_found',
    })
  })

  it('lets nobody take an own name by giving it to a shared workspace as its title', () => {
    const squatter = workspace('51', 'Payments API', {isShared: true})
    assert.equal(findWorkspace([...all, squatter], 'payments api'), mine)
    assert.equal(findWorkspace([...all, {...squatter, title: 'calm-reed'}], 'calm-reed'), mine)
  })

  it('lets nobody take an own id by giving it to a shared workspace as its title', () => {
    assert.equal(findWorkspace([workspace('51', '41', {isShared: true}), mine], '41'), mine)
  })

  it('gives nobody a name of ours that only looks the same', () => {
    for (const looksSame of [
      'pay\u200bments API',
      'Payments\u00a0API',
      '\u202epayments api',
      'ＰＡＹＭＥＮＴＳ API ',
      'payments api',
    ]) {
      const squatter = workspace('51', looksSame, {isShared: true})
      assert.equal(findWorkspace([squatter, ...all], 'Payments API'), mine)
      const found = outcome(() => findWorkspace([squatter, ...all], looksSame))
      assert.ok(found === mine || found === 'not_found', looksSame)
    }
  })

  it('takes composed and decomposed characters for the same, and so the own one before a shared one', () => {
    const own = workspace('44', 'x', {displayName: 'caf\u00e9'})
    const squatter = workspace('51', 'cafe\u0301', {isShared: true})
    for (const name of ['caf\u00e9', 'cafe\u0301']) assert.equal(findWorkspace([own, squatter], name), own)
  })

  it('takes a name of invisible characters for none', () => {
    const blank = workspace('51', '\u200b', {isShared: true})
    assert.throws(() => findWorkspace([blank], '\u2060'), {code: 'not_found'})
  })

  it('chooses nothing where the id of a shared workspace is a name of an own one, and suggests what is plain', () => {
    const own = workspace('44', 'x', {displayName: '50'})
    assert.throws(() => findWorkspace([own, shared], '50'), {
      code: 'ambiguous',
      hint: 'Use the id, as in: runcode connect 44',
      facts: {candidates: ['44', '50']},
    })
    assert.equal(findWorkspace([own, shared], '44'), own)
    assert.equal(findWorkspace([own, shared], 'wild-moon'), shared)
  })

  it('never takes a number for the title of a shared workspace: it is an id that no list shows', () => {
    for (const title of ['99', '\uff19\uff19'])
      assert.deepEqual(findWorkspace([...all, workspace('51', title, {isShared: true})], '99'), {unlisted: '99'})
  })

  it('suggests a name with the account that was named', () => {
    const twin = workspace('43', 'tall-tree', {displayName: 'Payments API'})
    assert.throws(() => findWorkspace([mine, twin], 'payments api', 'work:'), {
      hint: 'Use the id, as in: runcode connect work:41',
    })
  })

  it('refuses a name that fits several, and names their ids', () => {
    const twin = workspace('43', 'tall-tree', {displayName: 'Payments API'})
    assert.throws(() => findWorkspace([...all, twin], 'payments api'), {
      name: 'AmbiguousWorkspaceError',
      code: 'ambiguous',
      exit: 1,
      message: '"payments api" fits 2 workspaces: calm-reed (41), tall-tree (43).',
      facts: {candidates: ['41', '43']},
    })
    const sharedTwins = ['60', '61'].map((id) => workspace(id, 'same', {isShared: true}))
    assert.throws(() => findWorkspace(sharedTwins, 'same'), {code: 'ambiguous', facts: {candidates: ['60', '61']}})
  })

  it('refuses a title of one that is the display name of another', () => {
    const named = workspace('44', 'tall-tree', {displayName: 'bold-lake'})
    assert.throws(() => findWorkspace([...all, named], 'bold-lake'), {code: 'ambiguous'})
  })

  it('does not call a workspace ambiguous whose title and display name are the same', () => {
    const plain = workspace('45', 'one', {displayName: 'One'})
    assert.equal(findWorkspace([plain], 'one'), plain)
  })

  it('no longer finds a workspace with a display name by another that it does not have', () => {
    assert.throws(() => findWorkspace(all, 'payments'), {code: 'not_found'})
  })

  it('gives an id that no list shows as unlisted, and anything else as not found', () => {
    assert.deepEqual(findWorkspace(all, '99'), {unlisted: '99'})
    for (const name of ['x99', '9'.repeat(65), '٩٩', '041', '0'])
      assert.throws(() => findWorkspace(all, name), {code: 'not_found'})
  })

  it('finds a workspace of mine by each of its own names, or says ambiguous, and never one of another', () => {
    const word = fc.constantFrom('a', 'B', 'b', '1', '2')
    const lists = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('1', '2', '3', '4'),
        title: word,
        displayName: fc.option(word),
        isShared: fc.boolean(),
      }),
      {selector: ({id}) => id},
    )
    fc.assert(
      fc.property(lists, word, (rows, name) => {
        const workspaces = rows.map(({id, title, ...facts}) => workspace(id, title, facts))
        const wanted = name.toLowerCase()
        const own = workspaces.filter(
          ({id, title, displayName, isShared}) =>
            !isShared && [id, title, displayName ?? ''].some((one) => one.toLowerCase() === wanted),
        )
        try {
          const found = findWorkspace(workspaces, name)
          if ('unlisted' in found) assert.deepEqual(own, [])
          else if (found.isShared) assert.deepEqual(own, [], 'a shared one squats')
        } catch (error) {
          assert.match(String((error as {code?: string}).code), /^(?:ambiguous|not_found)$/)
        }
      }),
    )
  })
})

describe('wordFor()', () => {
  const one = {id: '41' as WorkspaceId, isShared: false}

  it('is the title of an own workspace where that is a plain word', () => {
    for (const title of ['calm-reed', 'a.b_c', '4a']) assert.equal(wordFor({...one, title}), title)
  })

  it('is the id where a shell, we, or another workspace could take the title for something else', () => {
    for (const title of ['x; rm -rf ~', '-x', '--json', 'a b', 'work:x', '50', '', 'a/b', '\u202ex'])
      assert.equal(wordFor({...one, title}), '41', title)
    assert.equal(wordFor({...one, title: 'calm-reed', isShared: true}), '41')
  })
})

/** What a search found, or the code of its refusal. */
const outcome = (search: () => unknown): unknown => {
  try {
    return search()
  } catch (error) {
    return (error as {code?: string}).code
  }
}

describe('parseWorkspaceId()', () => {
  it('takes what is safe as the name of a folder, and nothing else', () => {
    for (const id of ['1', 'a_B-9', '_', 'x'.repeat(64)]) assert.equal(parseWorkspaceId(id), id)
    for (const text of ['', '-1', '.', '..', 'a/b', 'a b', '1\n', 'ä', 'x'.repeat(65)])
      assert.equal(parseWorkspaceId(text), undefined, JSON.stringify(text))
  })
})
