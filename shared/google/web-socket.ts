import type { ClientRequest, IncomingMessage } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import type { Conversation, Prober } from '#shared/ports/prober.ts';
import type { Tokens } from './auth.ts';
import { faultOfSilence } from './fault-of.ts';
import { lazy } from './lazy.ts';
import { checkedLookup, checkedUrl, headersOf, stopped } from './probe-target.ts';

const library = lazy(() => import('ws'));
/** A longer message ends the connection. */
const maxMessageBytes = 1024 * 1024;
const keptMessages = 5;
const keptCharacters = 200;
/** How long the other side may take to answer a close. */
const closeMs = 2000;

type Asked = Parameters<Prober['webSocket']>[0];

/**
 * One WebSocket from handshake to close. Only the beginnings of messages are kept, compression is not offered and redirects
 * are not followed. `timeoutSeconds` is for handshake and message; staying open and waiting for a close come on top.
 */
export async function converse(
  asked: Asked,
  by: { userAgent: string; tokens: Tokens; now: () => number; ca?: string },
): Promise<Conversation> {
  const what = `the WebSocket ${asked.url}`;
  const url = checkedUrl(asked, what);
  const headers = Object.fromEntries(await headersOf(asked, what, by.userAgent, by.tokens));
  const { WebSocket } = await library();
  const startedAt = by.now();
  const socket = new WebSocket(
    url.href.replace(/^http/, 'ws'),
    asked.protocol === undefined ? [] : [asked.protocol],
    {
      headers,
      lookup: checkedLookup,
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      ...(by.ca === undefined ? {} : { ca: by.ca }),
    },
  );
  try {
    return await followed(socket, asked, () => by.now() - startedAt);
  } catch (error) {
    if (asked.signal?.aborted) throw stopped(what, asked.signal);
    throw faultOfSilence(what, error, asked.timeoutSeconds);
  } finally {
    socket.terminate();
  }
}

function followed(socket: WebSocket, asked: Asked, elapsedMs: () => number): Promise<Conversation> {
  const seen: Conversation = { status: 0, protocol: '', messages: [], matched: false, durationMs: 0 };
  let timer: NodeJS.Timeout | undefined;
  return new Promise<Conversation>((resolve, reject) => {
    let asksToClose = false;
    const end = (): void => resolve({ ...seen });
    /** Everything that was waited for came: now it only has to stay. */
    const stay = (): void => {
      seen.durationMs = elapsedMs();
      const waitSeconds = asked.staysOpenSeconds + (asked.awaitsClose ? asked.timeoutSeconds : 0);
      timer = setTimeout(() => {
        asksToClose = true;
        socket.close(1000);
        timer = setTimeout(end, closeMs);
      }, waitSeconds * 1000);
    };
    // Not in time: a message that never came is told as such, a handshake that never ended is a fault.
    timer = setTimeout(() => {
      if (seen.status === 101) end();
      else reject(new DOMException('', 'TimeoutError'));
    }, asked.timeoutSeconds * 1000);
    const { signal } = asked;
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    socket.on('error', (error) => {
      // After a broken frame or one that is too long, `close` follows with the code that says so.
      if (seen.status === 0) reject(error);
    });
    socket.on('unexpected-response', (_: ClientRequest, answer: IncomingMessage) => {
      seen.status = answer.statusCode ?? 0;
      seen.durationMs = elapsedMs();
      answer.destroy();
      end();
    });
    socket.on('open', () => {
      seen.status = 101;
      seen.protocol = socket.protocol;
      if (asked.send !== undefined) socket.send(asked.send);
      if (asked.awaits === undefined) {
        clearTimeout(timer);
        stay();
      }
    });
    socket.on('message', (data: RawData, isBinary: boolean) => {
      const text = isBinary ? '(binary)' : Buffer.from(data as Buffer).toString('utf8');
      seen.messages = [...seen.messages, text.slice(0, keptCharacters)].slice(-keptMessages);
      if (seen.matched || asked.awaits === undefined || isBinary || !asked.awaits(text)) return;
      seen.matched = true;
      clearTimeout(timer);
      stay();
    });
    socket.on('close', (code) => {
      seen.closed = { code, early: !asksToClose };
      if (seen.durationMs === 0) seen.durationMs = elapsedMs();
      if (seen.status !== 0) end();
      else reject(new Error('the connection was closed'));
    });
  }).finally(() => clearTimeout(timer));
}
