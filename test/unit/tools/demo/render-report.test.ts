import { describe, expect, it } from 'vitest';
import { renderProgress } from '../../../../tools/demo/progress.ts';
import { formatDuration, type Report, renderReport } from '../../../../tools/demo/render-report.ts';
import { renderTable } from '../../../../tools/demo/render-table.ts';
import { tallyLanes, tallyRegions, tallyTeams } from '../../../../tools/demo/tally.ts';
import { makeRecord } from './records.ts';

const records = [makeRecord('a'), makeRecord('b', { status: 'queued', attempts: [] })];

describe('renderTable', () => {
  it('aligns titles and cells to the widest', () => {
    const columns = [
      { title: 'team', align: 'left' },
      { title: 'n', align: 'right' },
    ] as const;
    expect(renderTable(columns, [['a', '1,000'], null, ['support', '7']])).toEqual([
      'team         n',
      '──────────────',
      'a        1,000',
      '──────────────',
      'support      7',
    ]);
  });
});

describe('formatDuration', () => {
  it.each([
    [null, '–'],
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.00 s'],
    [9994, '9.99 s'],
    [9996, '10.0 s'],
    [99_994, '100.0 s'],
    [99_996, '1 m 40 s'],
    [3_725_000, '62 m 05 s'],
  ])('shows %s as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('renderReport', () => {
  const report: Report = {
    run: 'demo-x',
    accepted: 2,
    languages: 1,
    tookMs: 61_240,
    outages: 1,
    deferrals: 1200,
    replays: 2,
    unknownOutcomes: 3,
    teams: tallyTeams(records),
    regions: tallyRegions(records),
    lanes: tallyLanes(records),
    calls: [{ region: 'eastus', status: 429, outcome: 'refused', job: 'a', attempt: '1' }],
    checks: [
      { verdict: 'pass', claim: 'First', detail: 'one' },
      { verdict: 'skipped', claim: 'Second claim', detail: 'two' },
    ],
  };
  const lines = renderReport(report, (_verdict, text) => text).split('\n');

  it('has a row for every team, region and lane', () => {
    const region = lines.find((line) => line.startsWith('eastus'));
    expect(region?.split(/\s{2,}/)).toEqual([
      ...['eastus', '1', '1', '0', '0', '1.00 s', '1.00 s', '2.00 s', '2.00 s', '10', '5', '0.0001'],
    ]);
    expect(lines.filter((line) => line.startsWith('search'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('standard'))).toHaveLength(1);
  });

  it('tells what the simulated regions saw', () => {
    expect(lines).toContain('seen by the simulated regions: eastus 1 call, 1 × 429');
  });

  it('shows no table and counts nothing as done when no job was accepted', () => {
    const checks = [
      { verdict: 'fail', claim: 'Every job was accepted', detail: '0 of 2' },
      { verdict: 'pass', claim: 'None was lost', detail: '0 accepted = 0 ended' },
    ] as const;
    const text = renderReport({ ...report, accepted: 0, checks }, (_verdict, word) => word);
    expect(text.split('\n').slice(0, 3)).toEqual(['', 'FAIL  Every job was accepted  0 of 2', '']);
    expect(text).toContain('No job was accepted: none of the 2 was done · 61.2 s');
    expect(text).not.toMatch(/None was lost|2 jobs|region/);
  });

  it('says what the region table counts', () => {
    expect(lines).toContain('jobs count in the region of their last call, 429s in the region that gave them');
  });

  it('says every verdict in a word of its own', () => {
    expect(lines).toContain('PASS  First         one');
    expect(lines).toContain('SKIP  Second claim  two');
  });

  it('ends with what happened on the way', () => {
    expect(lines.at(-1)).toBe(
      '2 jobs in 1 language from 1 team · 61.2 s · told to come back later 1,200 times · host away 1 time · 2 submissions repeated without a second job · 3 calls of unknown outcome made again · demo-x',
    );
  });
});

describe('renderProgress', () => {
  it('fills the bar with what has ended and shades what was accepted', () => {
    expect(renderProgress(records, 65_000)).toBe(
      `1:05 ${'█'.repeat(10)}${'▒'.repeat(10)} 1/2 done · 2 accepted · 1 succeeded`,
    );
  });

  it('tells of jobs that did not succeed', () => {
    expect(renderProgress([makeRecord('a', { status: 'failed' })], 0)).toContain('0 succeeded · 1 not');
  });
});
