/** A table's cell: numbers and durations stand right, names left. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Lays out rows under their titles with a rule between; a row `null` is a rule of its own. Widths come from the longest cell. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[] | null)[]): string[] {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => row?.[index]?.length ?? 0)),
  );
  const layOut = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const [cell, width] = [cells[index] ?? '', widths[index] ?? 0];
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((total, width) => total + width + 2, -2));
  return [
    layOut(columns.map((column) => column.title)),
    rule,
    ...rows.map((row) => (row === null ? rule : layOut(row))),
  ];
}
