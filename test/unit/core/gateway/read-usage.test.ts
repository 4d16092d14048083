import { expect, test } from 'vitest';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import { keyOfUsage } from '../../../../src/core/adapters/memory/usage-store.ts';
import { readUsage } from '../../../../src/core/gateway/read-usage.ts';
import { GatewayUnderTest, principalOf } from '../../../support/gateway-under-test.ts';
import { makeSampleId, makeSampleUsage } from '../../../support/sample-jobs.ts';

const rowsAPage = 1000;

test.each([[['model'] as const], [null]])(
  'a window by %j that cannot be read in half a minute is refused, a shorter one is answered',
  async (groupBy) => {
    const gateway = new GatewayUnderTest();
    const { clock, ports } = gateway;
    const nowMs = clock.now();
    const { usage } = openTeam(gateway.state, 'search');
    for (let number = 1; number <= 3 * rowsAPage; number += 1) {
      // All at once, so that a listing has to read past its page.
      const row = makeSampleUsage('search', { jobId: makeSampleId(nowMs - number), atMs: nowMs - 1000 });
      usage.set(keyOfUsage(row), row);
    }
    const list = ports.usage.list.bind(ports.usage);
    ports.usage.list = async (...asked) => {
      await clock.sleep(20_000);
      return list(...asked);
    };
    const ask = (fromMs: number) =>
      gateway.finish(
        readUsage(ports, principalOf('search'), { window: { fromMs, toMs: nowMs }, groupBy, after: null }),
      );
    await expect(ask(nowMs - 60_000)).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: 'from',
      message: expect.stringContaining('ask for shorter windows'),
    });
    expect(await ask(nowMs - 500)).toMatchObject({ data: [] });
  },
);
