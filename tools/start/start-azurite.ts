import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Child, nodeCommand } from './child.ts';
import { LaunchError } from './launch-error.ts';

// The published key of the emulator's only account: no secret.
const emulatorKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** A storage emulator that listens. */
export interface StartedStorage {
  child: Child;
  connectionString: string;
}

/** Starts Azurite on free ports, its data in `.weir/azurite`, and waits until all three services listen. */
export async function startAzurite(folder: string, onStart: (child: Child) => void): Promise<StartedStorage> {
  const script = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js');
  const args = ['--location', join(folder, 'azurite'), '--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  const ports = ['--blobPort', '0', '--queuePort', '0', '--tablePort', '0'];
  const child = await Child.start({
    name: 'storage emulator',
    ...nodeCommand(script, [...args, ...ports]),
    environment: process.env,
    folder,
  });
  onStart(child);
  const findUrl = async (service: string): Promise<string> => {
    const match = await child.waitForLine(new RegExp(`${service} service is successfully listening at (http://\\S+)`));
    if (match?.[1] === undefined) throw new LaunchError(child.describeEnd());
    return match[1];
  };
  const [blob, queue, table] = await Promise.all([findUrl('Blob'), findUrl('Queue'), findUrl('Table')]);
  const account = 'devstoreaccount1';
  const connectionString = [
    'DefaultEndpointsProtocol=http',
    `AccountName=${account}`,
    `AccountKey=${emulatorKey}`,
    `BlobEndpoint=${blob}/${account}`,
    `QueueEndpoint=${queue}/${account}`,
    `TableEndpoint=${table}/${account}`,
  ].join(';');
  return { child, connectionString };
}
