import type {Branded} from './brand.ts'

/** An absolute path on a workspace without `..`, of visible letters, digits and plain marks: safe to show, to quote and to join. */
export type RemotePath = Branded<string, 'RemotePath'>

/** The path in a text from a control plane, or undefined where it is none. */
export const parseRemotePath = (text: string): RemotePath | undefined =>
  /^\/(?:(?!\p{DI})[\p{L}\p{M}\p{N} ._@+,=~:/-]){0,4095}$/u.test(text) && !text.split('/').includes('..')
    ? (text as RemotePath)
    : undefined
