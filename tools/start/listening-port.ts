import { createServer } from 'node:net';
import { LaunchError } from './launch-error.ts';

/** The port to use: the asked one if it is free, a free one for 0. A taken port is a LaunchError that says what to do. */
export function reservePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${error.code})`;
      reject(new LaunchError(`Port ${port} ${reason}. Choose another: npm start -- --port ${port + 1}`));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const chosen = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(chosen));
    });
  });
}
