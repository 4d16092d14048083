import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { reservePort } from '../../../../tools/start/listening-port.ts';

it('names a port that is taken and how to choose another', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  await expect(reservePort(port)).rejects.toThrow(new RegExp(`Port ${port} is in use[\\s\\S]*-- --port`));
  await new Promise((resolve) => server.close(resolve));
  expect(await reservePort(port)).toBe(port);
});

it('takes a free port for 0', async () => {
  expect(await reservePort(0)).toBeGreaterThan(0);
});
