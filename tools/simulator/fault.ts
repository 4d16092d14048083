import { z } from 'zod';
import { explainIssues } from './explain-issues.ts';
import { HINT_FORMS } from './refusal.ts';

/** What a scripted fault does; the README's table says how each looks to a caller. */
export const FAULT_KINDS = [
  'status',
  'content-filter',
  'capacity',
  'hint',
  'latency',
  'hang',
  'reset',
  'truncate',
  'cut-json',
  'stream-error',
  'drip',
  'empty',
  'html',
  'no-choices',
  'no-usage',
  'big-body',
] as const;

const positive = z.number().positive();
const whole = z.int().nonnegative();

const scriptSchema = z
  .strictObject({
    kind: z.enum(FAULT_KINDS),
    region: z.string().min(1).optional(),
    deployment: z.string().min(1).optional(),
    api: z.enum(['chat', 'embeddings', 'responses']).optional(),
    status: z.int().min(400).max(599).optional(),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    retryAfter: z.union([z.string(), z.number()]).optional(),
    refusal: z.enum(['tokens', 'requests', 'capacity']).optional(),
    hint: z.enum(HINT_FORMS).optional(),
    latencyMs: z.number().nonnegative().optional(),
    factor: positive.optional(),
    afterBytes: whole.optional(),
    bytes: whole.optional(),
    probability: z.number().gt(0).max(1).optional(),
    count: z.int().positive().optional(),
    forMs: positive.optional(),
    charged: z.boolean().optional(),
    billed: z.boolean().optional(),
  })
  .check((context) => {
    for (const [path, message] of contradictions(context.value)) {
      context.issues.push({ code: 'custom', message, path: [path], input: undefined });
    }
  });

/** A fault as scripted through `POST /_sim/faults`. */
export type FaultScript = z.infer<typeof scriptSchema>;

/** A fault that stands: its script, how often it has been played and until when it is. */
export type StandingFault = { id: string; script: FaultScript; played: number; endsAtMs: number | null };

/** Understands one script or a list of them, or says everything that is wrong and what is allowed. */
export function parseFaultScripts(
  body: unknown,
): { ok: true; scripts: FaultScript[] } | { ok: false; message: string } {
  const parsed = z
    .array(scriptSchema)
    .min(1, 'a fault, or a list of at least one, is needed')
    .max(1000, 'at most 1000 faults in one list are allowed')
    .safeParse(Array.isArray(body) ? body : [body], { reportInput: true });
  if (parsed.success) return { ok: true, scripts: parsed.data };
  const { issues } = parsed.error;
  const parts = [explainIssues(issues, Array.isArray(body) ? 0 : 1)];
  // A wrong kind has been answered with all there are.
  if (!issues.some(({ code, path }) => code === 'invalid_value' && path.at(-1) === 'kind')) {
    parts.push(`Kinds: ${FAULT_KINDS.join(', ')}.`);
  }
  parts.push(`Fields: ${Object.keys(scriptSchema.shape).join(', ')}.`);
  return { ok: false, message: parts.join(' ') };
}

function contradictions(script: { [name: string]: unknown }): [string, string][] {
  const found: [string, string][] = [];
  if (script['kind'] === 'status' && script['status'] === undefined) {
    found.push(['status', 'a fault of kind "status" needs a status from 400 to 599']);
  }
  if (script['kind'] === 'latency' && script['latencyMs'] === undefined && script['factor'] === undefined) {
    found.push(['latencyMs', 'a fault of kind "latency" needs latencyMs, factor or both']);
  }
  if (script['kind'] === 'hint' && script['hint'] === undefined) {
    found.push(['hint', `a fault of kind "hint" needs hint: ${HINT_FORMS.join(', ')}`]);
  }
  return found;
}
