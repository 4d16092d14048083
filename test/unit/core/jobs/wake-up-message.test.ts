import { describe, expect, it } from 'vitest';
import { parseWakeUpMessage, writeWakeUpMessage } from '../../../../src/core/jobs/wake-up-message.ts';

describe('a wake-up message', () => {
  it('is read back as it was written, by the form that is agreed', () => {
    const wakeUp = { team: 'search', job: 'job_8209999999999abc' };
    const text = writeWakeUpMessage(wakeUp);
    expect(JSON.parse(text)).toEqual({ v: 1, ...wakeUp });
    expect(parseWakeUpMessage(text)).toEqual({ kind: 'wake-up', wakeUp });
  });

  it('passes over fields it does not know', () => {
    expect(parseWakeUpMessage('{"v":1,"team":"a","job":"job_1","more":[1]}').kind).toBe('wake-up');
  });

  it.each([2, 99])('of version %i is for a newer worker, whatever else it holds', (version) => {
    expect(parseWakeUpMessage(JSON.stringify({ v: version, other: {} }))).toEqual({ kind: 'newer', version });
  });

  it.each([
    ['{', 'not a JSON object'],
    ['', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['[1]', 'not a JSON object'],
    ['"v"', 'not a JSON object'],
    ['{"team":"a","job":"job_1"}', 'no version'],
    ['{"v":"1","team":"a","job":"job_1"}', 'no version'],
    ['{"v":0,"team":"a","job":"job_1"}', 'no version'],
    ['{"v":1.5,"team":"a","job":"job_1"}', 'no version'],
    ['{"v":1,"job":"job_1"}', 'no team'],
    ['{"v":1,"team":"A/b","job":"job_1"}', 'no team'],
    ['{"v":1,"team":"~teams","job":"job_1"}', 'no team'],
    ['{"v":1,"team":"a"}', 'no job'],
    ['{"v":1,"team":"a","job":7}', 'no job'],
    ['{"v":1,"team":"a","job":"job/1"}', 'no job'],
  ])('%s is invalid: %s', (text, reason) => {
    expect(parseWakeUpMessage(text)).toEqual({ kind: 'invalid', reason });
  });
});
