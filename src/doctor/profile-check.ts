import type {Check} from './check.ts'

/** The profiles can be read, and the one that is meant is among them. */
export const profileCheck: Check = {
  name: 'profile',
  group: 'Account',
  about: 'the profiles can be read, and the one that is meant is among them',
  examine: async ({findAccount}) => ({status: 'ok', detail: (await findAccount()).name}),
}
