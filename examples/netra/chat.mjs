// WebSockets of users: each has its own, and hears nothing of another's.
import { WebSocketServer } from 'ws';

/**
 * @param userOf who a request is of, undefined for a stranger
 * @param store keeps a message
 */
export function attachChat(server, { userOf, store, idleSeconds }) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
  server.on('upgrade', async (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    // Without an answer of the database nobody is known.
    const user = await userOf(request).catch(() => undefined);
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path !== '/chat' || !user) {
      socket.end(`HTTP/1.1 ${path === '/chat' ? '401 Unauthorized' : '404 Not Found'}\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => converse(opened, user));
  });

  function converse(socket, user) {
    let idle;
    const stay = () => {
      clearTimeout(idle);
      idle = setTimeout(() => socket.close(1001, 'idle'), idleSeconds * 1000);
    };
    stay();
    socket.on('error', () => socket.terminate());
    socket.on('close', () => clearTimeout(idle));
    socket.on('message', async (data) => {
      stay();
      const text = data.toString('utf8');
      try {
        await store(user, text);
        socket.send(JSON.stringify({ to: user.name, text, stored: true }));
      } catch {
        socket.send(JSON.stringify({ to: user.name, text, stored: false }));
      }
    });
  }

  return () => {
    for (const socket of sockets.clients) socket.close(1001, 'the service stops');
  };
}
