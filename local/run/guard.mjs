// Loaded before a revision's own code (`node --import`): descriptor 3 is a pipe that only the local cloud holds open.
// When the local cloud dies, however it dies, the pipe ends and the revision's process with it.
import { Socket } from 'node:net';

const lifeline = new Socket({ fd: 3, readable: true, writable: false });
lifeline.on('close', () => process.kill(process.pid, 'SIGKILL'));
lifeline.on('error', () => lifeline.destroy());
lifeline.resume();
lifeline.unref();
