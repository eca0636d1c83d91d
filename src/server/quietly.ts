/** Does a write that nobody waits for: where it fails (a full disk), what it belongs to goes on. */
export function quietly(write: () => void): void {
  try {
    write()
  } catch {
    // The next write that somebody asked for fails aloud.
  }
}
