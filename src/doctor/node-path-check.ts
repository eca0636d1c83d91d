import {stableProgram} from '../user-ssh-config/program-path.ts'
import type {Check, Finding} from './check.ts'
import {RENEW, withEntries} from './entries.ts'

/** The paths of node and runcode in the entries outlive an upgrade. */
export const nodePathCheck: Check = {
  name: 'node-path',
  group: 'Hosts of config-ssh',
  about: 'the paths in the entries, of node and of this program, outlive an upgrade',
  examine: (patient) =>
    withEntries(patient, async ({entries}) => {
      const pairs = new Map(entries.map(({programs}) => [programs.join('\n'), programs]))
      let fleeting: Finding | undefined
      for (const [node = '', script = ''] of pairs.values()) {
        const {program, warning} = await stableProgram({node, script}, patient.home)
        const better = [program.node, program.script].filter((path) => path !== node && path !== script)
        if (better.length > 0) {
          const detail = `the entries name ${node}, which goes with its version; ${better.join(', ')} stays`
          return {status: 'warn', detail, hint: RENEW}
        }
        if (warning !== undefined) fleeting = {status: 'warn', detail: warning}
      }
      return fleeting ?? {status: 'ok', detail: [...pairs.values()].map(([node]) => node).join(', ')}
    }),
}
