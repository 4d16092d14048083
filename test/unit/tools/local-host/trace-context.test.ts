import { describe, expect, it } from 'vitest';
import { continueTrace } from '../../../../tools/local-host/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';

describe('continueTrace', () => {
  it("keeps the caller's trace, flags and state, with a span of its own", () => {
    const context = continueTrace({ traceParent: `00-${traceId}-b7ad6b7169203331-00`, traceState: 'a=1' });
    expect(context.traceParent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect(context.traceParent).not.toContain('b7ad6b7169203331');
    expect(context.traceState).toBe('a=1');
  });

  it.each([undefined, 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
    'begins a sampled trace when the caller sent %s',
    (traceParent) => {
      const caller = traceParent === undefined ? undefined : { traceParent, traceState: 'a=1' };
      const context = continueTrace(caller);
      expect(context.traceParent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(context.traceState).toBe('');
    },
  );
});
