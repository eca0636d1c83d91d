import {join} from 'node:path'
import type {Patient, PatientAccount} from '../../src/doctor/check.ts'

/** Somebody in whom all is well, in a folder of a test: nothing is attached, and no entries are there. */
export const healthyPatient = (folder: string, change: Partial<Patient> = {}): Patient => ({
  env: {PATH: process.env['PATH']},
  folders: {
    ...{config: join(folder, 'config'), state: join(folder, 'state'), cache: join(folder, 'cache')},
    ...{sockets: [join(folder, 's')], legacyTokenFile: join(folder, 'token')},
  },
  ...{home: folder, cwd: folder},
  program: {node: process.execPath, script: join(folder, 'bin/run.js'), version: '1.2.3'},
  system: {platform: 'linux', release: '6.1.0'},
  now: () => new Date(),
  findAccount: async () => accountOf('work'),
  meetService: async () => ({peer: undefined, aheadSeconds: 0}),
  findTokenPlace: async () => ({place: 'RUNCODE_TOKEN', storedAt: undefined}),
  listWorkspaces: async () => [],
  repairEntries: async () => undefined,
  findSession: async () => undefined,
  ...change,
})

export const accountOf = (name: string, change: Partial<PatientAccount> = {}): PatientAccount => ({
  ...{name, apiBase: 'https://app.example.com/', caFile: undefined, sshProxy: undefined},
  findApiProxy: () => undefined,
  ...change,
})
