import { styleText } from 'node:util';

/** What one check found out; `fix` says what to do about it. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly message: string;
  readonly fix?: string;
}

/** The findings about one subject, such as storage. */
export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

const marks = { ok: '✓', warning: '!', problem: '✗', skipped: '·' } as const;
const colours = { ok: 'green', warning: 'yellow', problem: 'red', skipped: 'dim' } as const;

export function ok(message: string): Finding {
  return { status: 'ok', message };
}

export function warning(message: string, fix: string): Finding {
  return { status: 'warning', message, fix };
}

export function problem(message: string, fix: string): Finding {
  return { status: 'problem', message, fix };
}

/** Something that was not looked at, and what would have it looked at. */
export function skipped(message: string): Finding {
  return { status: 'skipped', message };
}

/** A section as lines for people; colours only where the terminal shows them. */
export function renderSection({ title, findings }: Section): string {
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream: process.stdout });
  const lines = findings.flatMap(({ status, message, fix }) => [
    `  ${paint(colours[status], marks[status])} ${indent(message)}`,
    ...(fix === undefined ? [] : [`    ${paint('dim', '→')} ${indent(fix)}`]),
  ]);
  return [paint('bold', title), ...lines].join('\n');
}

/** One sentence that counts what was found. */
export function summarise(sections: readonly Section[]): string {
  const all = sections.flatMap(({ findings }) => findings);
  const count = (status: Finding['status'], one: string) => {
    const number = all.filter((finding) => finding.status === status).length;
    return number === 0 ? [] : [`${number} ${one}${number === 1 ? '' : 's'}`];
  };
  const found = [...count('problem', 'problem'), ...count('warning', 'warning')];
  return found.length === 0 ? 'Nothing to fix.' : `${found.join(', ')}.`;
}

function indent(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n      ');
}
