import {join} from 'node:path'

/** The files of one server, all under one folder of mode 0700. */
export interface ServerFolder {
  readonly root: string
  /** The store (SQLite). */
  readonly database: string
  /** Folder of the certificate authority. */
  readonly authority: string
  /** The certificate that clients of this server trust; the one file that others may read. */
  readonly caFile: string
  /** OpenSSH private key of the gateway. */
  readonly hostKey: string
  /** The secret of the owner token, one line. */
  readonly ownerToken: string
  /** The ports of the last run, tried first by the next one. */
  readonly ports: string
  /** What a running server says of itself; there only while it runs. */
  readonly facts: string
  /** Held while a server starts. */
  readonly lock: string
  /** Folder of the workspaces' files. */
  readonly workspaces: string
}

/** Names the files of the server whose folder is `root`; touches nothing. */
export const serverFolder = (root: string): ServerFolder => ({
  root,
  database: join(root, 'store.db'),
  authority: join(root, 'authority'),
  caFile: join(root, 'authority', 'ca.pem'),
  hostKey: join(root, 'host_key'),
  ownerToken: join(root, 'owner-token'),
  ports: join(root, 'ports.json'),
  facts: join(root, 'server.json'),
  lock: join(root, 'server.lock'),
  workspaces: join(root, 'workspaces'),
})
