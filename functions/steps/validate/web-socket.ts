import { hide, inPath, inBody, inText, type Values } from '#shared/checks/capture.ts';
import { awaited, judgeConversation } from '#shared/checks/web-socket.ts';
import type { Check } from '#shared/domain/check.ts';
import type { WebSocketCheck } from '#shared/domain/service/checks.ts';
import { checkOf, lookOfFault, targetOf, withRetries, type Asking, type Look } from './asking.ts';

/** One WebSocket, from handshake to close. @param values as of `askHttp` */
export async function askWebSocket(
  asking: Asking,
  wanted: WebSocketCheck,
  values: Values = new Map(),
): Promise<Check> {
  const { context, address } = asking;
  const { clock } = context.deps;
  const startedMs = clock.now();
  const awaits = awaited(wanted);
  const told = await withRetries(context, wanted.retries, async (): Promise<Look> => {
    const attemptMs = clock.now();
    try {
      const seen = await context.deps.prober.webSocket({
        ...targetOf(asking, inPath(wanted.path, values), wanted.timeout),
        headers: Object.fromEntries(
          Object.entries(wanted.headers).map(([name, text]) => [name, inText(text, values)]),
        ),
        ...(wanted.protocol === undefined ? {} : { protocol: wanted.protocol }),
        ...(wanted.send === undefined ? {} : { send: inBody(wanted.send, values) }),
        ...(awaits === undefined ? {} : { awaits }),
        // A usual close is asked for, any other one is the other side's.
        ...((wanted.expect.closeCode ?? 1000) === 1000 ? {} : { awaitsClose: true }),
        staysOpenSeconds: wanted.expect.staysOpen,
      });
      const messages = seen.messages.map((message) => hide(message, values));
      const { pass, observed, expected } = judgeConversation(wanted, { ...seen, messages });
      return { outcome: pass ? 'pass' : 'fail', observed, expected, durationMs: clock.now() - attemptMs };
    } catch (error) {
      const look = lookOfFault(context, error, 'status 101', clock.now() - attemptMs);
      return { ...look, observed: hide(look.observed, values) };
    }
  });
  return checkOf(asking, wanted, `WebSocket ${address}${wanted.path}`, startedMs, told);
}
