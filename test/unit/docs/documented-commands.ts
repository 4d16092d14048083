/** A command as a page shows it: what is run, its words, and the names of its flags without dashes. */
export interface DocumentedCommand {
  /** `npm run weir`, `npm start`, `node tools/infra/check.ts`. */
  readonly program: string;
  readonly words: readonly string[];
  readonly flags: readonly string[];
}

const program = /\b(npm (?:run [\w:]+|start|test)|node (?:tools\/bootstrap\.mjs )?tools\/[\w./-]+\.m?[jt]s)/g;

/** Every command of this repository that a page shows: in blocks of code, in code within a sentence, in rows of a table. */
export function readCommands(page: string): DocumentedCommand[] {
  const blocks = [...page.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, text]) => expand(text ?? ''));
  const prose = page.replaceAll(/^```[\s\S]*?^```/gm, '');
  const rows = prose.split('\n').filter((line) => line.startsWith('| `npm '));
  const spans = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');
  const texts = [...blocks.flatMap((block) => block.split('\n')), ...rows.map((row) => spans(row).join(' '))];
  return [...texts, ...spans(prose.replaceAll('\n', ' '))].flatMap(parseLine);
}

/** Continued lines become one, other programs' output a word, and the shell's variables what the block itself puts into them. */
function expand(block: string): string {
  const joined = block
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/\$\([^()]*\)/g, (inner) => (inner.search(program) < 0 ? 'OUTPUT' : inner));
  const assigned = [...joined.matchAll(/^(?:export )?([A-Z]+)="([^"]*)"$/gm)];
  return assigned.reduce(
    (text, [line, name, value]) => text.replace(line, '').replaceAll(`$${name}`, value ?? ''),
    joined,
  );
}

function parseLine(line: string): DocumentedCommand[] {
  const found = [...line.matchAll(program)];
  return found.map((match, index) => {
    const from = match.index + match[0].length;
    const rest = line.slice(from, found[index + 1]?.index).split(/ # | \| (?!\w+\])|[;)]|&&/)[0] ?? '';
    const words = rest.split(/[\s[\]]+/).filter((word) => /^[a-z][\w./-]*$/.test(word));
    const flags = [...rest.matchAll(/(?:^|[\s[])--([a-z][a-z-]*)/g)].map(([, flag]) => flag ?? '');
    return { program: match[0].replace('tools/bootstrap.mjs ', ''), words, flags };
  });
}
