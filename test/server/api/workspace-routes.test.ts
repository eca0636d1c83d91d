import assert from 'node:assert/strict'
import {type RunningApi, runApi} from './running-api.ts'

describe('the workspace routes of the API', () => {
  let api: RunningApi

  beforeEach(async () => {
    api = await runApi()
    api.store.workspaces.create({title: 'calm-reed', customTitle: 'Payments API'}, new Date())
    api.store.workspaces.create({title: 'bold-fern', customTitle: null}, new Date())
  })

  afterEach(() => api.close())

  const bodyOf = async (path: string): Promise<unknown> => (await api.ask('GET', `/api/rc${path}`)).body
  const stateOf = (id: number): string => {
    const workspace = api.store.workspaces.get(id)
    return `${workspace?.interimState ?? ''}/${workspace?.currentState}`
  }

  it('lists the workspaces of its owner in the words of the contract', async () => {
    api.store.workspaces.setState(1, {interimState: 'starting', currentState: 'stopped'})
    api.store.workspaces.setState(2, {interimState: null, currentState: 'running'})
    const rest = {provider: 'aws'}
    assert.deepEqual(await bodyOf('/workspaces?category=active'), {
      error: false,
      data: {
        workspaces: [
          {
            id: 1,
            title: 'calm-reed',
            custom_title: 'Payments API',
            ...rest,
            interim_state: 'starting',
            current_state: 'stopped',
          },
          {id: 2, title: 'bold-fern', custom_title: null, ...rest, interim_state: '', current_state: 'running'},
        ],
      },
    })
    assert.deepEqual(await bodyOf('/workspaces?category=shared'), {error: false, data: {workspaces: []}})
  })

  it('refuses to list what is no category, and to switch what is no id', async () => {
    for (const path of [
      '/workspaces',
      '/workspaces?category=all',
      '/workspaces?category=active&category=shared',
      '/workspace/start',
      '/workspace/stop?workspace_id=1e3',
      '/workspace/stop?workspace_id=calm-reed',
    ])
      assert.equal((await api.ask('GET', `/api/rc${path}`)).status, 400, path)
  })

  it('says 404 for a workspace that is not there', async () => {
    for (const verb of ['start', 'stop'])
      for (const id of ['99', '0', '99999999999999999999']) {
        const {status, body} = await api.ask('GET', `/api/rc/workspace/${verb}?workspace_id=${id}`)
        assert.deepEqual([status, body], [404, {error: true, message: `There is no workspace ${id}.`}])
      }
  })

  it('answers a start at once, is starting while the runtime works, and is running after it', async () => {
    api.runtime.hold()
    const starting = {error: false, message: 'Workspace calm-reed is starting.'}
    assert.deepEqual(await bodyOf('/workspace/start?workspace_id=1'), starting)
    assert.equal(stateOf(1), 'starting/stopped')
    const again = {error: false, message: 'Workspace calm-reed is starting already.'}
    assert.deepEqual(await bodyOf('/workspace/start?workspace_id=1'), again)
    const refused = {error: true, message: 'Workspace calm-reed is starting; stop it when it is running.'}
    assert.deepEqual(await bodyOf('/workspace/stop?workspace_id=1'), refused)
    api.runtime.release()
    await api.settled()
    assert.equal(stateOf(1), '/running')
    const running = {error: false, message: 'Workspace calm-reed is running already.'}
    assert.deepEqual(await bodyOf('/workspace/start?workspace_id=1'), running)
    assert.deepEqual(api.runtime.calls, ['stop 1', 'start 1'])
  })

  it('answers a stop at once, ends its connections and keys, and is stopped after the runtime has worked', async () => {
    const now = new Date('2030-01-01T00:00:00Z')
    api.store.workspaces.setState(1, {interimState: null, currentState: 'running'})
    const expiresAt = new Date('2031-01-01T00:00:00Z')
    api.store.keys.register({workspaceId: 1, tokenId: 1, publicKey: 'ssh-ed25519 AAAA', expiresAt})
    api.runtime.hold()
    const stopping = {error: false, message: 'Workspace calm-reed is stopping.'}
    assert.deepEqual(await bodyOf('/workspace/stop?workspace_id=1'), stopping)
    assert.deepEqual([stateOf(1), api.disconnected], ['stopping/running', [1]])
    assert.deepEqual(api.store.keys.valid(1, now), [])
    const refused = {error: true, message: 'Workspace calm-reed is stopping; start it when it has stopped.'}
    assert.deepEqual(await bodyOf('/workspace/start?workspace_id=1'), refused)
    const again = {error: false, message: 'Workspace calm-reed is stopping already.'}
    assert.deepEqual(await bodyOf('/workspace/stop?workspace_id=1'), again)
    api.runtime.release()
    await api.settled()
    assert.equal(stateOf(1), '/stopped')
    const stopped = {error: false, message: 'Workspace calm-reed is stopped already.'}
    assert.deepEqual(await bodyOf('/workspace/stop?workspace_id=1'), stopped)
    assert.deepEqual(api.runtime.calls, ['stop 1'])
  })

  it('takes up an interim state that stands for no work, as a full disk leaves it', async () => {
    api.store.workspaces.setState(1, {interimState: 'starting', currentState: 'stopped'})
    assert.deepEqual(await bodyOf('/workspace/start?workspace_id=1'), {
      error: false,
      message: 'Workspace calm-reed is starting.',
    })
    await api.settled()
    assert.equal(stateOf(1), '/running')
    api.store.workspaces.setState(1, {interimState: 'stopping', currentState: 'running'})
    assert.deepEqual(await bodyOf('/workspace/stop?workspace_id=1'), {
      error: false,
      message: 'Workspace calm-reed is stopping.',
    })
    await api.settled()
    assert.equal(stateOf(1), '/stopped')
  })

  it('is stopped again after a start that failed, and the audit says why', async () => {
    api.runtime.hold()
    await bodyOf('/workspace/start?workspace_id=1')
    api.runtime.release(new Error('no room'))
    await api.settled()
    assert.equal(stateOf(1), '/stopped')
    const [last] = api.store.audit.list(1)
    assert.deepEqual([last?.event, last?.facts], ['workspace_start_failed', {workspace_id: 1, reason: 'no room'}])
  })

  it('is still running after a stop that failed', async () => {
    api.store.workspaces.setState(1, {interimState: null, currentState: 'running'})
    api.runtime.hold()
    await bodyOf('/workspace/stop?workspace_id=1')
    api.runtime.release(new Error('it will not die'))
    await api.settled()
    assert.deepEqual([stateOf(1), api.store.audit.list(1)[0]?.event], ['/running', 'workspace_stop_failed'])
  })

  it('lets a token of the scope user start and stop', async () => {
    const headers = {authorization: `Token ${api.user}`}
    assert.equal((await api.ask('GET', '/api/rc/workspace/start?workspace_id=1', {headers})).status, 200)
  })
})
