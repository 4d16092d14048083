// Preloaded into the children of the launcher (node --import). File descriptor 3 is a pipe that only the launcher holds:
// when it ends, the launcher is gone, even if it was killed, and the child ends itself the ordinary way.
import { Socket } from 'node:net';

// With the launcher gone nobody reads the output any more; that must not end the shutdown early.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const leash = new Socket({ fd: 3 });
leash.on('error', () => {});
leash.on('close', () => process.kill(process.pid, 'SIGTERM'));
leash.resume();
leash.unref();
