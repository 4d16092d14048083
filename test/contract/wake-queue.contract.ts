import { describe, expect, it } from 'vitest';
import type { Lane } from '../../src/core/jobs/job.ts';
import type { WakeQueue } from '../../src/core/jobs/wake-queue.ts';
import { parseWakeUpMessage } from '../../src/core/jobs/wake-up-message.ts';

/** A queue as a test sees it: `peek` gives the texts of the visible messages, decoded as the host decodes them. */
export interface WakeQueueUnderTest {
  readonly queue: WakeQueue;
  peek(lane: Lane): Promise<readonly string[]>;
}

/** What every WakeQueue does; each test starts with empty queues. */
export function describeWakeQueue(name: string, makeQueue: () => Promise<WakeQueueUnderTest>): void {
  describe(`WakeQueue on ${name}`, () => {
    const wakeUp = { team: 'search', job: 'job_1' };

    it('delivers a wake-up in its lane, as the text that policy reads', async () => {
      const { queue, peek } = await makeQueue();
      await queue.send('standard', wakeUp, 0);
      const texts = await peek('standard');
      expect(texts.map(parseWakeUpMessage)).toEqual([{ kind: 'wake-up', wakeUp }]);
      expect(await peek('bulk')).toEqual([]);
    });

    it('hides a delayed wake-up but counts it', async () => {
      const { queue, peek } = await makeQueue();
      await queue.send('bulk', wakeUp, 60_000);
      await queue.send('bulk', wakeUp, 30 * 86_400_000);
      expect(await peek('bulk')).toEqual([]);
      expect(await queue.count('bulk')).toBe(2);
      expect(await queue.count('interactive')).toBe(0);
    });

    it('shows a wake-up whose delay is past or negative at once', async () => {
      const { queue, peek } = await makeQueue();
      await queue.send('interactive', wakeUp, -5000);
      await queue.send('interactive', wakeUp, Number.NaN);
      expect(await peek('interactive')).toHaveLength(2);
    });

    it('puts any text back as it was', async () => {
      const { queue, peek } = await makeQueue();
      const text = '{"v":99,"worth":"漢字 😀"}';
      await queue.putBack('standard', text, { delayMs: 0, leftMs: 60_000 });
      expect(await peek('standard')).toEqual([text]);
    });
  });
}
