import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { getTestServer } from '@google-cloud/functions-framework/testing';

/**
 * One function host: a process that serves every target through functions-framework, each under `/TARGET/…`. On Google
 * Cloud each target has processes of its own; here they share one, so that a laptop starts quickly.
 * Arguments: the entry module, then the targets' names. Says its port to the parent and ends with it.
 */
const [entry = '', ...targets] = process.argv.slice(2);
await import(pathToFileURL(entry).href);
const servers = new Map<string, Server>(targets.map((target) => [target, getTestServer(target)]));

const server = createServer((request, response) => {
  const match = /^\/([\w-]+)(\/.*|\?.*)?$/.exec(request.url ?? '');
  const target = servers.get(match?.[1] ?? '');
  if (!target) {
    response.writeHead(404).end();
    return;
  }
  request.url = match?.[2] ?? '/';
  target.emit('request', request, response);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

// The framework ends the process on an uncaught error; the platform starts another one, as Cloud Run does.
process.once('disconnect', () => process.exit(0));
