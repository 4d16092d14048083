import { describe, expect, it } from 'vitest';
import type { CapacityStore } from '../../src/core/capacity/capacity-store.ts';

let models = 0;
/** A pool that nobody has used. */
function makeModel(): string {
  models += 1;
  return `model-${process.pid}-${models}`;
}

/** What every CapacityStore does, whatever is behind it. */
export function describeCapacityStore(name: string, open: () => CapacityStore | Promise<CapacityStore>): void {
  describe(`CapacityStore in ${name}`, () => defineCapacityStore(async () => open()));
}

function defineCapacityStore(open: () => Promise<CapacityStore>): void {
  it('reads nothing of a pool that nobody has booked on', async () => {
    const store = await open();
    expect(await store.readPool(makeModel())).toEqual([]);
  });

  it('gives back what was committed, with a version for each row', async () => {
    const [store, model] = [await open(), makeModel()];
    const changes = [
      { key: 'line', text: '{"a":1}', version: null },
      { key: 'deployment|east', text: 'x', version: null },
      { key: 'team|search', text: '', version: null },
    ];
    expect((await store.commit(model, changes)).outcome).toBe('committed');
    const rows = await store.readPool(model);
    expect(rows.map(({ key, text }) => [key, text])).toEqual([
      ['deployment|east', 'x'],
      ['line', '{"a":1}'],
      ['team|search', ''],
    ]);
    for (const { version } of rows) expect(version).not.toBe('');
  });

  it('keeps pools apart', async () => {
    const [store, model, other] = [await open(), makeModel(), makeModel()];
    await store.commit(model, [{ key: 'line', text: 'mine', version: null }]);
    expect(await store.readPool(other)).toEqual([]);
  });

  it('refuses to create a row that is there', async () => {
    const [store, model] = [await open(), makeModel()];
    await store.commit(model, [{ key: 'line', text: 'first', version: null }]);
    expect(await store.commit(model, [{ key: 'line', text: 'second', version: null }])).toEqual({ outcome: 'lost' });
    expect((await store.readPool(model))[0]?.text).toBe('first');
  });

  it('writes nothing at all when one row has moved on', async () => {
    const [store, model] = [await open(), makeModel()];
    const all = ['deployment|east', 'deployment|west', 'line'];
    await store.commit(
      model,
      all.map((key) => ({ key, text: 'old', version: null })),
    );
    const read = await store.readPool(model);
    const line = read.find(({ key }) => key === 'line');
    await store.commit(model, [{ key: 'line', text: 'moved', version: line?.version ?? null }]);
    const late = read.map(({ key, version }) => ({ key, text: 'new', version }));
    expect(await store.commit(model, late)).toEqual({ outcome: 'lost' });
    expect((await store.readPool(model)).map(({ text }) => text)).toEqual(['old', 'old', 'moved']);
  });

  it('deletes rows with the same commit, and none when one of them has moved on', async () => {
    const [store, model] = [await open(), makeModel()];
    const all = ['deployment|east', 'line', 'team|search'];
    await store.commit(
      model,
      all.map((key) => ({ key, text: 'old', version: null })),
    );
    const read = await store.readPool(model);
    const change = (key: string, text: string | null) => {
      const version = read.find((row) => row.key === key)?.version ?? null;
      return { key, text, version };
    };
    await store.commit(model, [change('team|search', 'moved')]);
    const late = [change('line', 'new'), change('deployment|east', null), change('team|search', null)];
    expect(await store.commit(model, late)).toEqual({ outcome: 'lost' });
    expect((await store.readPool(model)).map(({ text }) => text)).toEqual(['old', 'old', 'moved']);
    const done = await store.commit(model, [change('line', 'new'), change('deployment|east', null)]);
    expect(done.outcome).toBe('committed');
    expect((await store.readPool(model)).map(({ key, text }) => [key, text])).toEqual([
      ['line', 'new'],
      ['team|search', 'moved'],
    ]);
  });

  it('lets exactly one of twenty writers of one version win', async () => {
    const [store, model] = [await open(), makeModel()];
    await store.commit(model, [{ key: 'line', text: 'start', version: null }]);
    const [row] = await store.readPool(model);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, writer) =>
        store.commit(model, [{ key: 'line', text: `writer ${writer}`, version: row?.version ?? null }]),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
  });

  it('keeps a text that is longer than one property holds', async () => {
    const [store, model] = [await open(), makeModel()];
    const text = 'ring '.repeat(20_000);
    await store.commit(model, [{ key: 'line', text, version: null }]);
    expect((await store.readPool(model))[0]?.text).toBe(text);
    const [row] = await store.readPool(model);
    await store.commit(model, [{ key: 'line', text: 'short', version: row?.version ?? null }]);
    expect((await store.readPool(model))[0]?.text).toBe('short');
  });

  it('changes a hundred rows at once', async () => {
    const [store, model] = [await open(), makeModel()];
    const changes = Array.from({ length: 100 }, (_, team) => ({ key: `team|t${team}`, text: 'r', version: null }));
    expect((await store.commit(model, changes)).outcome).toBe('committed');
    expect(await store.readPool(model)).toHaveLength(100);
  });

  it('tells when it wrote by its own clock, never backwards', async () => {
    const [store, model] = [await open(), makeModel()];
    const first = await store.commit(model, [{ key: 'line', text: '1', version: null }]);
    const [row] = await store.readPool(model);
    const second = await store.commit(model, [{ key: 'line', text: '2', version: row?.version ?? null }]);
    const times = [first, second].map((commit) => (commit.outcome === 'committed' ? commit.storeTimeMs : null));
    expect(times[0]).not.toBeNull();
    expect(times[1] ?? 0).toBeGreaterThanOrEqual(times[0] ?? 0);
  });
}
