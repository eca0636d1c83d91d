import type {Check} from './check.ts'

/** What this system can't do, or does otherwise. */
export const systemCheck: Check = {
  name: 'system',
  group: 'This machine',
  about: 'what is particular of Windows and of WSL: no control sockets, WSL 1, folders on a drive of Windows',
  examine: async ({system: {platform, release}, folders}) => {
    if (platform === 'win32')
      return {status: 'ok', detail: `Windows ${release}: no connection can be shared, and modes are not looked at`}
    if (!/microsoft/i.test(release)) return {status: 'ok', detail: `${platform} ${release}`}
    const onDrive = [folders.config, folders.state].find((path) => /^\/mnt\/[a-z]\//.test(path))
    if (onDrive !== undefined)
      return {
        status: 'fail',
        detail: `${onDrive} is on a drive of Windows, where modes do not hold: others could read your tokens`,
        hint: 'Set HOME, XDG_CONFIG_HOME and XDG_STATE_HOME to folders of Linux.',
      }
    if (!/WSL2|microsoft-standard/i.test(release))
      return {
        status: 'warn',
        detail: `WSL 1 (${release}), in which sockets and processes are not quite those of Linux`,
        hint: 'In Windows: wsl --set-version <distribution> 2',
      }
    return {status: 'ok', detail: `WSL 2 (${release}); an ssh or an editor of Windows has a ~/.ssh of its own`}
  },
}
