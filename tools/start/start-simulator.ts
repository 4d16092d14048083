import { Child, nodeCommand } from './child.ts';
import { LaunchError } from './launch-error.ts';

/** Starts the simulated regions of a configuration on a free port and waits until they listen. */
export async function startSimulator(
  root: string,
  configFile: string,
  onStart: (child: Child) => void,
): Promise<{ child: Child; url: string }> {
  const child = await Child.start({
    name: 'simulator',
    ...nodeCommand('tools/simulator/main.ts', ['--port', '0', '--config', configFile]),
    environment: process.env,
    folder: root,
  });
  onStart(child);
  const match = await child.waitForLine(/simulator ready (http:\/\/\S+)/);
  if (match?.[1] === undefined) throw new LaunchError(child.describeEnd());
  return { child, url: match[1] };
}
