import { describe, expect, it } from 'vitest';
import { childTrace, openTrace, parseTraceparent } from '../../../../src/core/telemetry/traceparent.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';
let drawn = 0;
const random = {
  next: () => 0,
  hex: (bytes: number) => {
    drawn += 1;
    return drawn.toString(16).padStart(bytes * 2, 'a');
  },
};

describe('parseTraceparent', () => {
  it('reads a context', () => {
    expect(parseTraceparent(`00-${trace}-${span}-01`)).toEqual({ traceId: trace, spanId: span, isSampled: true });
    expect(parseTraceparent(`00-${trace}-${span}-00`)).toMatchObject({ isSampled: false });
    expect(parseTraceparent(`00-${trace}-${span}-03`)).toMatchObject({ isSampled: true });
    expect(parseTraceparent(`cc-${trace}-${span}-01-what-comes-later`)).toMatchObject({ traceId: trace });
  });

  it.each([
    '',
    'abc',
    `00-${trace}-${span}`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `00-${trace}-${span}-1`,
    `00-${trace}x-${span}-01`,
    `00-${trace}-${span}-01\n`,
    ` 00-${trace}-${span}-01`,
  ])('refuses "%s"', (text) => {
    expect(parseTraceparent(text)).toBeNull();
  });
});

describe('openTrace', () => {
  it("goes on in the caller's trace with a span of its own, sampled", () => {
    const opened = parseTraceparent(openTrace(`00-${trace}-${span}-00`, random));
    expect(opened).toMatchObject({ traceId: trace, isSampled: true });
    expect(opened?.spanId).not.toBe(span);
  });

  it.each([null, '', 'rubbish', `00-${'0'.repeat(32)}-${span}-01`])('makes a trace of its own of %j', (header) => {
    const first = openTrace(header, random);
    expect(parseTraceparent(first)).not.toBeNull();
    expect(openTrace(header, random)).not.toBe(first);
  });

  it('makes a valid context even of zeros', () => {
    expect(parseTraceparent(openTrace(null, { next: () => 0, hex: (bytes) => '00'.repeat(bytes) }))).not.toBeNull();
  });

  it('keeps one trace from parent to child to child', () => {
    const root = openTrace(null, random);
    const child = childTrace(root, random);
    const grandchild = childTrace(child, random);
    expect(new Set([root, child, grandchild].map((context) => parseTraceparent(context)?.traceId)).size).toBe(1);
    expect(new Set([root, child, grandchild].map((context) => parseTraceparent(context)?.spanId)).size).toBe(3);
  });
});
