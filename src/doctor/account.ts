import type {Finding, Patient, PatientAccount} from './check.ts'

/** Why a check did not look; why there is none is for one check to tell. */
export const NO_ACCOUNT = 'it is not known for which account'

/** Looks at what belongs to an account, where there is one. */
export async function withAccount(
  {findAccount}: Patient,
  look: (account: PatientAccount) => Promise<Finding> | Finding,
): Promise<Finding> {
  const account = await findAccount().catch(() => undefined)
  return account === undefined ? {status: 'skip', detail: NO_ACCOUNT} : look(account)
}
