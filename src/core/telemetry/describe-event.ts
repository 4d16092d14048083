import { formatUsd } from '../budgets/money.ts';
import type { Usage } from '../tokens/usage.ts';
import type { TelemetryEvent } from './telemetry.ts';

/** How urgent an event is; `silent` is above all of them. */
export const telemetryLevels = ['debug', 'info', 'warning', 'error', 'silent'] as const;
export type TelemetryLevel = (typeof telemetryLevels)[number];

/** A job that failed or a call that may have been billed for nothing is a warning; notices say their own. */
export function levelOfEvent(event: TelemetryEvent): Exclude<TelemetryLevel, 'silent'> {
  switch (event.type) {
    case 'notice':
      return event.level;
    case 'job':
      return event.status === 'failed' ? 'warning' : 'info';
    case 'attempt':
      return event.outcome === 'succeeded' || event.outcome === 'throttled' ? 'info' : 'warning';
  }
}

/** One line of plain text for people, without a time stamp; line breaks and control characters are taken out. */
export function describeEvent(event: TelemetryEvent): string {
  switch (event.type) {
    case 'job': {
      const how = event.errorCode === null ? event.status : `${event.status} (${event.errorCode})`;
      const calls = `${event.attempts} ${event.attempts === 1 ? 'attempt' : 'attempts'}`;
      return clean(
        `job      ${event.jobId} ${event.team} ${event.lane} ${event.model} ${how}: ${calls}, waited ${event.queueMs} ms, took ${event.latencyMs} ms, ${tell(event.usage)}, $${formatUsd(event.costNanoUsd)}`,
      );
    }
    case 'attempt': {
      const status = event.statusCode === null ? 'no status' : String(event.statusCode);
      const how = event.errorCode === null ? event.outcome : `${event.outcome} (${event.errorCode})`;
      return clean(
        `attempt  ${event.jobId} #${event.attempt} ${event.deployment} ${event.model} ${status} ${how}: ${event.latencyMs} ms, ${tell(event.usage)}`,
      );
    }
    case 'notice': {
      const fields = Object.entries(event.fields).map(([name, value]) => ` ${name}=${value}`);
      return clean(`${event.level.padEnd(8)} ${event.name}: ${event.message}${fields.join('')}`);
    }
  }
}

function tell(usage: Usage): string {
  const cached = usage.cachedInputTokens > 0 ? ` (${usage.cachedInputTokens} cached)` : '';
  return `${usage.inputTokens}${cached} + ${usage.outputTokens} tokens`;
}

function clean(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
