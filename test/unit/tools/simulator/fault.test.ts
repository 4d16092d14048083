import { describe, expect, it } from 'vitest';
import type { FaultScript } from '../../../../tools/simulator/fault.ts';
import { FAULT_KINDS, parseFaultScripts } from '../../../../tools/simulator/fault.ts';
import { addFaults, createFaultBook, listFaults, meetFaults } from '../../../../tools/simulator/fault-book.ts';
import { createRandom } from '../../../../tools/simulator/seeded-random.ts';

const EASTUS = { region: 'eastus', deployment: 'gpt-4.1-mini', api: 'chat' };

function meet(faults: FaultScript[], times: number, target = EASTUS) {
  const book = createFaultBook();
  addFaults(book, faults, 0);
  const random = createRandom(3);
  return Array.from({ length: times }, (_, now) => meetFaults(book, target, now, random));
}

describe('a fault script', () => {
  it('is understood alone and in a list', () => {
    expect(parseFaultScripts({ kind: 'hang' })).toEqual({ ok: true, scripts: [{ kind: 'hang' }] });
    expect(parseFaultScripts([{ kind: 'hang' }, { kind: 'reset' }])).toMatchObject({ ok: true });
  });

  it.each([
    [{ kind: 'explode' }, 'kind: received "explode", only one of'],
    [{ kind: 'status' }, 'status: is missing; a fault of kind "status" needs a status'],
    [{ kind: 'status', status: 200 }, 'status'],
    [{ kind: 'latency' }, 'needs latencyMs'],
    [{ kind: 'hint' }, 'needs hint'],
    [{ kind: 'hang', probability: 1.5 }, 'probability'],
    [{ kind: 'hang', probability: 0 }, 'probability: received 0, more than 0 is allowed'],
    [{ kind: 'hang', count: 0 }, 'count'],
    [{ kind: 'hang', regoin: 'eastus' }, 'regoin'],
    ['nonsense', 'received "nonsense", only an object is allowed'],
    [[], 'a list of at least one'],
  ])('%j is refused with what is wrong and what is allowed', (script, named) => {
    const parsed = parseFaultScripts(script);
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    expect(parsed.message.toLowerCase()).toContain(named.toLowerCase());
    for (const kind of FAULT_KINDS) expect(parsed.message).toContain(kind);
    expect(parsed.message.match(/no-choices/g)).toHaveLength(1);
  });
});

describe('the faults that stand', () => {
  it('strike where they are aimed at', () => {
    const faults: FaultScript[] = [{ kind: 'hang', region: 'westeurope' }];
    expect(meet(faults, 1)[0]!.deciding).toBeNull();
    expect(meet(faults, 1, { ...EASTUS, region: 'westeurope' })[0]!.deciding).not.toBeNull();
    expect(meet([{ kind: 'hang', deployment: 'other' }], 1)[0]!.deciding).toBeNull();
    expect(meet([{ kind: 'hang', api: 'embeddings' }], 1)[0]!.deciding).toBeNull();
  });

  it('end after count plays, and the next one takes over', () => {
    const met = meet([{ kind: 'hang', count: 2 }, { kind: 'empty' }], 4).map((one) => one.deciding?.kind);
    expect(met).toEqual(['hang', 'hang', 'empty', 'empty']);
  });

  it('end after their time and are then no longer listed', () => {
    const book = createFaultBook();
    addFaults(book, [{ kind: 'hang', forMs: 1000 }], 5000);
    expect(meetFaults(book, EASTUS, 5999, createRandom(1)).deciding?.kind).toBe('hang');
    expect(listFaults(book, 5999)).toHaveLength(1);
    expect(meetFaults(book, EASTUS, 6000, createRandom(1)).deciding).toBeNull();
    expect(listFaults(book, 6000)).toHaveLength(0);
  });

  it('strike as often as their probability says, the same way under the same seed', () => {
    const kinds = () => meet([{ kind: 'hang', probability: 0.3 }], 2000).map((one) => one.deciding !== null);
    const struck = kinds().filter(Boolean).length;
    expect(struck).toBeGreaterThan(520);
    expect(struck).toBeLessThan(680);
    expect(kinds()).toEqual(kinds());
  });

  it('add up when they only shape: latency and hints beside one that decides', () => {
    const [met] = meet(
      [
        { kind: 'latency', latencyMs: 5 },
        { kind: 'status', status: 503 },
        { kind: 'hint', hint: 'missing' },
        { kind: 'hang' },
      ],
      1,
    );
    expect(met!.shaping.map((fault) => fault.kind)).toEqual(['latency', 'hint']);
    expect(met!.deciding?.kind).toBe('status');
  });
});
