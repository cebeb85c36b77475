import type { Log } from './ports/platform.ts';

/** One JSON line per entry, as Cloud Logging reads them from a function's output. */
export const consoleLog: Log = (severity, message, fields = {}) => {
  const line = JSON.stringify({ severity, message, ...fields });
  (severity === 'ERROR' ? process.stderr : process.stdout).write(`${line}\n`);
};
