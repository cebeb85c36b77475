import { request } from 'node:http';
import { connect } from 'node:net';
import type { Clock } from '#shared/clock.ts';
import { containerPort } from './template.ts';
import type { Container, Probe } from './template-message.ts';
import { RevisionFailure } from './revision-status.ts';
import type { RunningProcess } from './process.ts';

/** Between two tries. Google waits a whole period; a laptop need not, the deadline is the same. */
const tryEveryMs = 20;
const guidance =
  'Logs for this revision might contain more information. For more troubleshooting guidance, see https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start';

/**
 * Resolves when the startup probe has succeeded: a declared one within its own time (delay + period × threshold), else a
 * TCP connection within `timeoutMs`. A process that ends first fails at once.
 * @throws RevisionFailure HEALTH_CHECK_CONTAINER_ERROR, in Google's words
 */
export async function waitUntilStarted(options: {
  container: Container;
  running: RunningProcess;
  port: number;
  timeoutMs: number;
  clock: Clock;
}): Promise<void> {
  const { running, port, clock } = options;
  const probe: Probe = options.container.startupProbe ?? {};
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe;
  const began = clock.now();
  // Google's default is one long TCP probe: its failure is told as a container that did not listen in time.
  const isDefault = probe.httpGet === undefined && periodSeconds === 240 && failureThreshold === 1;
  const ownMs = (initialDelaySeconds + periodSeconds * failureThreshold) * 1000;
  const deadline = began + (isDefault ? options.timeoutMs : ownMs);
  const firstTry = began + initialDelaySeconds * 1000;
  while (!running.hasExited() && clock.now() < deadline) {
    if (clock.now() >= firstTry && (await succeeds(probe, port, timeoutSeconds * 1000))) {
      // Whoever answered was the process only if it is still there.
      if (!running.hasExited()) return;
      break;
    }
    await Promise.race([clock.sleep(tryEveryMs), running.exited]);
  }
  const message =
    running.hasExited() || isDefault
      ? `The user-provided container failed to start and listen on the port defined provided by the PORT=${containerPort(options.container)} environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout is too short. The health check timeout can be extended. ${guidance}`
      : `The user-provided container failed the configured startup probe checks. ${guidance}`;
  throw new RevisionFailure({
    condition: 'ContainerHealthy',
    revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR',
    message,
  });
}

function succeeds(probe: Probe, port: number, timeoutMs: number): Promise<boolean> {
  return probe.httpGet ? httpSucceeds(probe.httpGet, port, timeoutMs) : tcpSucceeds(port, timeoutMs);
}

function tcpSucceeds(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs });
    const end = (success: boolean): void => {
      socket.destroy();
      resolve(success);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** Success is 2xx or 3xx: https://cloud.google.com/run/docs/configuring/healthchecks */
function httpSucceeds(
  probe: NonNullable<Probe['httpGet']>,
  port: number,
  timeoutMs: number,
): Promise<boolean> {
  const headers = Object.fromEntries((probe.httpHeaders ?? []).map(({ name, value = '' }) => [name, value]));
  return new Promise((resolve) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path: probe.path ?? '/',
        headers,
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        response.destroy();
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 400);
      },
    );
    sent.once('error', () => resolve(false));
    sent.end();
  });
}
