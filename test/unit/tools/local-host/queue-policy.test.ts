import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueSettings } from '../../../../tools/local-host/host-settings.ts';
import {
  decideOnCompletion,
  decideOnReceipt,
  poisonQueueName,
  pollingDelayMs,
} from '../../../../tools/local-host/queue-policy.ts';

const settings: QueueSettings = {
  batchSize: 16,
  newBatchThreshold: 8,
  maxPollingIntervalMs: 2000,
  visibilityTimeoutMs: 30_000,
  maxDequeueCount: 5,
  messageEncoding: 'base64',
};

describe('pollingDelayMs', () => {
  it('doubles from 100 ms in the middle of its range', () => {
    expect([1, 2, 3, 4].map((polls) => pollingDelayMs(polls, 60_000, 0.5))).toEqual([200, 400, 800, 1600]);
  });

  it('stays between 100 ms and the polling interval, whatever the draw', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (polls, random) => {
          const delayMs = pollingDelayMs(polls, 2000, random);
          expect(delayMs).toBeGreaterThanOrEqual(100);
          expect(delayMs).toBeLessThanOrEqual(2000);
        },
      ),
    );
  });
});

describe('decideOnReceipt', () => {
  it('hands on the text that base64 stands for', () => {
    const text = Buffer.from('{"job":"ü"}').toString('base64');
    expect(decideOnReceipt({ text, dequeueCount: 5 }, settings)).toEqual({ action: 'invoke', text: '{"job":"ü"}' });
  });

  it.each(['{', 'abc', 'ab=c', '{"v":1}'])('sends %s, which is no base64, to poison at once', (text) => {
    expect(decideOnReceipt({ text, dequeueCount: 1 }, settings)).toEqual({ action: 'poison', reason: 'undecodable' });
  });

  it('takes the text as it is where no encoding is agreed', () => {
    expect(decideOnReceipt({ text: '{', dequeueCount: 1 }, { ...settings, messageEncoding: 'none' })).toEqual({
      action: 'invoke',
      text: '{',
    });
  });

  it('sends what was dequeued too often to poison without invoking', () => {
    expect(decideOnReceipt({ text: 'e30=', dequeueCount: 6 }, settings)).toEqual({
      action: 'poison',
      reason: 'dequeued-too-often',
    });
  });
});

describe('decideOnCompletion', () => {
  const message = (dequeueCount: number) => ({ text: 'e30=', dequeueCount });

  it('deletes after success', () => {
    expect(decideOnCompletion(true, message(5), 'jobs', settings)).toEqual({ action: 'delete' });
  });

  it('releases after a failure, with the delay of visibilityTimeout', () => {
    expect(decideOnCompletion(false, message(4), 'jobs', settings)).toEqual({
      action: 'release',
      visibilityTimeoutMs: 30_000,
    });
  });

  it('moves to poison at the failure that makes it maxDequeueCount', () => {
    expect(decideOnCompletion(false, message(5), 'jobs', settings)).toEqual({ action: 'poison' });
  });

  it('leaves a failed message of a poison queue invisible: it has no poison queue of its own', () => {
    expect(decideOnCompletion(false, message(9), 'jobs-poison', settings)).toEqual({ action: 'leave' });
    expect(poisonQueueName('jobs-poison')).toBeUndefined();
  });
});
