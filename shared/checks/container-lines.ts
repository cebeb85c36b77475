/** What the last lines of a container say: what it wrote itself and what Cloud Run wrote of it. */

/** How it ended, by Cloud Run's own line; undefined when no line says that it did. */
export type ContainerEnd = { exitCode: number } | { signal: string };

export function endOf(lines: readonly string[]): ContainerEnd | undefined {
  for (const line of lines.toReversed()) {
    const exit = /^Container called exit\((\d+)\)/.exec(line)?.[1];
    if (exit !== undefined) return { exitCode: Number(exit) };
    const signal = /^Container terminated on signal (\w+)/.exec(line)?.[1];
    if (signal !== undefined) return { signal };
  }
  return undefined;
}

/**
 * True when it may have ended because Cloud Run told it to: it ends what it does not need with SIGTERM, on which a good
 * container exits with 0 and a JVM with 143 (128 + 15). What Cloud Run writes of those ends is unverified.
 */
export function mayBeTold(end: ContainerEnd): boolean {
  if ('signal' in end) return /^(SIGTERM|15)$/.test(end.signal);
  return end.exitCode === 0 || end.exitCode === 143;
}

/** `exit code 1`, `signal 9` */
export const endInWords = (end: ContainerEnd): string =>
  'signal' in end ? `signal ${end.signal}` : `exit code ${end.exitCode}`;

/** Lines that say why, without stack frames, dumped fields and what a runtime writes of itself. */
export const telling = (lines: readonly string[]): string[] =>
  lines.filter((line) => !noise.some((pattern) => pattern.test(line.trim())));

const noise = [
  /^$/,
  /^at .*(:\d+|\)|<anonymous>)( \{)?$/,
  /^[[\]{}()^~,; ]+$/,
  /^(errno|code|syscall|address|port|hostname|fatal|stack|cause|requireStack):? .*,?$/,
  /^Node\.js v\d/,
  /^(file:\/\/|node:internal|\/)\S+:\d+$/,
  /^(goroutine \d+|\S+\.go:\d+|exit status \d+)/,
  /^File ".*", line \d+/,
];

/** The last telling line of the container's own, not Cloud Run's. */
export const lastWordOf = (lines: readonly string[]): string | undefined =>
  telling(lines).findLast((line) => !isOfCloudRun(line));

/** Cloud Run's own lines; what it writes of a new instance is unverified. */
const isOfCloudRun = (line: string): boolean =>
  /^Container (called exit|terminated on signal)|probe failed|^Starting new instance/i.test(line);

/** What a line can be a sign of. */
const signs = {
  image: /exec format error/i,
  memory: /Memory limit of \S+ ?\w* exceeded|heap out of memory|out of memory|OOM.?kill|\bMemoryError\b/i,
  quota:
    /RESOURCE_EXHAUSTED|Too Many Requests|quota exceeded|exceeded .*\bquota\b|status(?: code)?:? 429|rateLimitExceeded/i,
  credentials: /password authentication failed|Access denied for user|invalid api key|invalid password/i,
  permission:
    /permission[ _-]?denied|\bEACCES\b|\bEPERM\b|403 Forbidden|status(?: code)?:? 403|insufficient permission|does not have \S+ (?:access|permission)/i,
  dependency:
    /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|getaddrinfo|connection refused|could not connect|connect(?:ion)? (?:attempt )?timed? ?out|timeout expired|no such host|i\/o timeout|context deadline exceeded|name or service not known|too many (?:clients|connections)|no pg_hba\.conf entry/i,
  listening: /EADDRINUSE|listen EACCES|address already in use/i,
} as const;

/** The last line that is such a sign, the telling ones first. */
export function signOf(sign: keyof typeof signs, lines: readonly string[]): string | undefined {
  const own = lines.filter((line) => signs[sign].test(line));
  return telling(own).at(-1) ?? own.at(-1);
}

/** The port that the container says it listens on, and on loopback alone or not. */
export function listeningOn(
  lines: readonly string[],
): { line: string; port: number; loopback: boolean } | undefined {
  for (const line of lines.toReversed()) {
    if (isOfCloudRun(line)) continue;
    const port =
      /\b(?:listen(?:s|ing)?|serving|running|started|bound)\b.*?(?::|\bport\b\D{0,3}|\bon )(\d{2,5})\b/i.exec(
        line,
      )?.[1];
    if (port !== undefined)
      return { line, port: Number(port), loopback: /127\.0\.0\.1|localhost|\[::1\]/.test(line) };
  }
  return undefined;
}
