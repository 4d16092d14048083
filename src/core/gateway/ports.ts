import type { OuterPorts } from './outer-ports.ts';
import type { OwnParts } from './own-parts.ts';

/** Everything a use case works with; built once per process by the composition. */
export interface Ports extends OuterPorts, OwnParts {}
