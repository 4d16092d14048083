import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import alerts from '../../../infra/alerts.json' with { type: 'json' };
import { toCustomEvent } from '../../../src/core/adapters/application-insights/to-custom-event.ts';
import type { TelemetryEvent } from '../../../src/core/telemetry/telemetry.ts';
import { infraDirectory } from '../../../tools/infra/compile-environment.ts';
import { at, environments, ofType, onlyOne, useCompiledInfra } from './compiled-infra.ts';

const infra = useCompiledInfra();
const workbook = await readFile(join(infraDirectory, 'workbook.json'), 'utf8');
const sources = await readSources(join(infraDirectory, '../src'));

// Asked about, but not emitted yet. Delete a name when the code emits it.
const notYetEmitted: string[] = [];
const levels = ['debug', 'info', 'warning', 'error'];

const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 };
const traced = { atMs: 0, traceparent: '', team: 'search', jobId: 'job_1', usage, costNanoUsd: 1, latencyMs: 1 };
const job: TelemetryEvent = {
  ...{ ...traced, type: 'job', status: 'failed', model: 'm', lane: 'bulk', attempts: 1, queueMs: 1, errorCode: 'x' },
};
const attempt: TelemetryEvent = {
  ...{ ...traced, type: 'attempt', attempt: 1, model: 'm', endpoint: 'e', deployment: 'd', region: 'r', target: 't' },
  ...{ statusCode: 429, outcome: 'o', errorCode: 'x' },
};

async function readSources(directory: string): Promise<string> {
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.ts'));
  return (await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')))).join('\n');
}

/** Everything a query reads by name from an event's properties or measurements. */
function fieldsRead(query: string, from: 'customDimensions' | 'customMeasurements'): string[] {
  return [...query.matchAll(new RegExp(`${from}\\['(\\w+)'\\]`, 'g'))].map((match) => match[1] ?? '');
}

describe('alerts', () => {
  it.each(environments)('are all set on the Application Insights of %s and reach its action group', async (name) => {
    const compiled = await infra.environment(name);
    const rules = ofType(compiled, 'Microsoft.Insights/scheduledQueryRules');
    const short = String(at(onlyOne(compiled, 'Microsoft.Resources/resourceGroups'), 'tags', 'azd-env-name'));
    expect(rules.map((rule) => rule['name'])).toEqual(alerts.map((alert) => `weir-${short}-${alert.name}`));
    const group = String(onlyOne(compiled, 'Microsoft.Insights/actionGroups')['id']);
    for (const rule of rules) {
      expect(at(rule, 'properties', 'enabled')).toBe(true);
      expect(at(rule, 'properties', 'actions', 'actionGroups', 0)).toBe(group);
      expect(String(at(rule, 'properties', 'scopes', 0))).toMatch(/appi-weir|applicationInsightsId/);
    }
  });

  it('cover waiting, throttling, breakers, poison and silence', () => {
    const names = alerts.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['queue-age', 'rate-of-429', 'breaker-open', 'poison-message', 'no-heartbeat']),
    );
    expect(alerts.filter(({ fires }) => fires === 'whenNoRow').map(({ name }) => name)).toEqual(['no-heartbeat']);
  });

  it('turn "no row" into fewer than one and "any row" into at least one', async () => {
    const compiled = await infra.environment('env/dev');
    const rules = ofType(compiled, 'Microsoft.Insights/scheduledQueryRules');
    rules.forEach((rule, index) => {
      const criterion = at(rule, 'properties', 'criteria', 'allOf', 0);
      expect([at(criterion, 'operator'), at(criterion, 'threshold'), at(criterion, 'timeAggregation')]).toEqual([
        alerts[index]?.fires === 'whenNoRow' ? 'LessThan' : 'GreaterThanOrEqual',
        1,
        'Count',
      ]);
      expect(at(criterion, 'query')).toBe(alerts[index]?.query.join('\n'));
    });
  });

  it('ask only for notices that the code emits', () => {
    const asked = alerts.flatMap(({ query }) =>
      query
        .filter((line) => /customDimensions\['name'\]|\bnotice\b/.test(line))
        .flatMap((line) => [...line.replaceAll(/\['\w+'\]/g, '').matchAll(/'(\w+)'/g)].map((match) => match[1] ?? ''))
        .filter((name) => !levels.includes(name)),
    );
    expect(new Set(asked).size).toBeGreaterThan(6);
    for (const name of new Set(asked)) {
      const isEmitted = new RegExp(`(?:name: |notice\\()[^\\n]*'${name}'`).test(sources);
      expect(isEmitted || notYetEmitted.includes(name), name).toBe(true);
    }
  });

  it('are joined by a workbook that is whole', () => {
    const items: unknown = at(JSON.parse(workbook), 'items');
    expect(Array.isArray(items) && items.length).toBeGreaterThan(5);
  });

  it('read fields by the names that the telemetry gives them', () => {
    const queries = [...alerts.map(({ query }) => query.join('\n')), ...workbook.split('"query":')];
    for (const query of queries) {
      const events = [job, attempt].map(toCustomEvent).filter(({ name }) => query.includes(`'${name}'`));
      if (events.length === 0) continue;
      const isAboutNotices = query.includes("'weir.notice'");
      const properties = new Set(events.flatMap((event) => Object.keys(event.properties)));
      const measurements = new Set(events.flatMap((event) => Object.keys(event.measurements)));
      const notices = isAboutNotices ? ['name', 'level', 'message', 'oldestAgeSeconds'] : [];
      for (const field of fieldsRead(query, 'customDimensions')) expect([...properties, ...notices]).toContain(field);
      for (const field of fieldsRead(query, 'customMeasurements'))
        expect([...measurements, ...notices]).toContain(field);
    }
  });

  it('name the timer whose silence they notice', () => {
    expect(alerts.find(({ name }) => name === 'no-heartbeat')?.query.join('\n')).toContain("=~ 'sweep'");
    expect(sources).toContain("app.timer('sweep'");
  });
});
