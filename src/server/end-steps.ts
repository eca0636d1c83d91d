/** What must be undone at the end, whatever way the end comes. */
export interface EndSteps {
  add(step: () => unknown): void
  /** Does the steps, the last one first, each of them even where another throws; then throws what was thrown first. */
  run(): Promise<void>
}

export function endSteps(): EndSteps {
  const steps: (() => unknown)[] = []
  return {
    add: (step) => void steps.push(step),
    async run() {
      const failures: unknown[] = []
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        try {
          await step()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
