import { describe, expect, it } from 'vitest';
import { rewriteDeletions } from '../../../../../src/core/adapters/azure-storage/conditional-deletion.ts';

const head = ['Content-Type: application/json', 'If-Match: W/"1"', '', ''];
const part = (requestLine: string, json: string) => ['--changeset', '', requestLine, ...head, json].join('\r\n');

describe('rewriteDeletions', () => {
  it('turns a marked update into a deletion that keeps its If-Match, and leaves its neighbours', () => {
    const first = part('PATCH http://table(1) HTTP/1.1', '{"PartitionKey":"a","text":"x"}');
    const marked = part('PATCH http://table(2) HTTP/1.1', '{"PartitionKey":"a","RowKey":"b","weirDelete":true}');
    const last = part('POST http://table HTTP/1.1', '{"PartitionKey":"a"}');
    const deletion = part('DELETE http://table(2) HTTP/1.1', '');
    expect(rewriteDeletions([first, marked, last].join('\r\n'))).toBe([first, deletion, last].join('\r\n'));
  });

  it('is not fooled by a text that spells the marker', () => {
    const texts = [',"weirDelete":true}', '\r\n{"a":1,"weirDelete":true}\r\n', '","weirDelete":true}'];
    for (const text of texts) {
      const body = part('PATCH http://table(1) HTTP/1.1', JSON.stringify({ PartitionKey: 'a', text }));
      expect(rewriteDeletions(body)).toBe(body);
    }
  });

  it('refuses a marker on what is no merge', () => {
    expect(() => rewriteDeletions('--changeset\r\n{"a":1,"weirDelete":true}')).toThrow(/not a merge/);
  });
});
