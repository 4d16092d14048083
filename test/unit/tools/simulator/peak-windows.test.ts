import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addToPeaks, createPeakWindows, readPeaks } from '../../../../tools/simulator/peak-windows.ts';

it('finds the same peaks as looking at every window of the whole log', () => {
  const log = fc.array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 100 })), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(log, (gaps) => {
      const windows = createPeakWindows();
      const all: [number, number][] = [];
      let now = 0;
      for (const [gap, tokens] of gaps) {
        now += gap;
        all.push([now, tokens]);
        addToPeaks(windows, tokens, now);
      }
      const most = (lengthMs: number) => {
        const within = all.map(([end]) => all.filter(([at]) => at > end - lengthMs && at <= end));
        return {
          tokens: Math.max(...within.map((one) => one.reduce((sum, [, tokens]) => sum + tokens, 0))),
          requests: Math.max(...within.map((one) => one.length)),
        };
      };
      const expected = { in60Seconds: most(60_000), in10Seconds: most(10_000), in1Second: most(1000) };
      expect(readPeaks(windows)).toEqual(expected);
    }),
  );
});

it('keeps one minute of a long run in memory', () => {
  const windows = createPeakWindows();
  for (let index = 0; index < 300_000; index += 1) addToPeaks(windows, 1, index * 10);
  expect(windows.times.length).toBeLessThan(20_000);
  expect(readPeaks(windows).in60Seconds).toEqual({ tokens: 6000, requests: 6000 });
});
