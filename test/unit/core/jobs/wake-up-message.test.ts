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
    ['{', 'not JSON'],
    ['', 'not JSON'],
    ['null', 'not a JSON object'],
    ['[1]', 'not a JSON object'],
    ['"v"', 'not a JSON object'],
    ['{"team":"a","job":"job_1"}', 'v is missing'],
    ['{"v":"1","team":"a","job":"job_1"}', 'v is not a valid version'],
    ['{"v":0,"team":"a","job":"job_1"}', 'v is not a valid version'],
    ['{"v":1.5,"team":"a","job":"job_1"}', 'v is not a valid version'],
    ['{"v":1,"job":"job_1"}', 'team is missing'],
    ['{"v":1,"team":"A/b","job":"job_1"}', 'team is not a valid name'],
    ['{"v":1,"team":"~teams","job":"job_1"}', 'team is not a valid name'],
    ['{"v":1,"team":"a"}', 'job is missing'],
    ['{"v":1,"team":"a","job":7}', 'job is not a valid job id'],
    ['{"v":1,"team":"a","job":"job/1"}', 'job is not a valid job id'],
  ])('%s is invalid: %s', (text, reason) => {
    expect(parseWakeUpMessage(text)).toEqual({ kind: 'invalid', reason });
  });
});
