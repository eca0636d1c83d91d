import type {StoredWorkspace} from './store/store.ts'

/** What a wish to start or stop a workspace comes to. Both wishes are idempotent: what holds already is no refusal. */
export interface Verdict {
  readonly outcome: 'begins' | 'holds' | 'refused'
  /** One sentence for whoever asked. */
  readonly message: string
}

type State = Pick<StoredWorkspace, 'title' | 'interimState' | 'currentState'>

/** Whether commands can run in it now; a workspace on its way down counts as down. */
export const isRunning = ({interimState, currentState}: State): boolean =>
  interimState === null && currentState === 'running'

const isStopped = ({interimState, currentState}: State): boolean => interimState === null && currentState === 'stopped'

/**
 * Whether a workspace may be started now. Where nothing is under way (`isAtWork`), an interim state is what a full disk
 * or a crash left: it holds nobody back.
 */
export function judgeStart(workspace: State, isAtWork: boolean): Verdict {
  const {title} = workspace
  const interimState = isAtWork ? workspace.interimState : null
  if (interimState === 'stopping')
    return {outcome: 'refused', message: `Workspace ${title} is stopping; start it when it has stopped.`}
  if (interimState === 'starting') return {outcome: 'holds', message: `Workspace ${title} is starting already.`}
  if (isRunning(workspace)) return {outcome: 'holds', message: `Workspace ${title} is running already.`}
  return {outcome: 'begins', message: `Workspace ${title} is starting.`}
}

/** Whether a workspace may be stopped now; `isAtWork` as for judgeStart. */
export function judgeStop(workspace: State, isAtWork: boolean): Verdict {
  const {title} = workspace
  const interimState = isAtWork ? workspace.interimState : null
  if (interimState === 'starting')
    return {outcome: 'refused', message: `Workspace ${title} is starting; stop it when it is running.`}
  if (interimState === 'stopping') return {outcome: 'holds', message: `Workspace ${title} is stopping already.`}
  if (isStopped(workspace)) return {outcome: 'holds', message: `Workspace ${title} is stopped already.`}
  return {outcome: 'begins', message: `Workspace ${title} is stopping.`}
}
