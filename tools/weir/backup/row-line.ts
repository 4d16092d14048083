import type { TableEntity } from '@azure/data-tables';
import { z } from 'zod';

/** A row as one line of a backup: texts, booleans and 32-bit integers as JSON has them, every other type by its name. */
export interface RowLine {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly columns: Readonly<Record<string, ColumnValue>>;
}

/** Values of these types are text, as the service writes them: nothing of a 64-bit integer or of a date's last digits is lost. */
const typedValue = z.strictObject({
  type: z.enum(['Int64', 'DateTime', 'Guid', 'Binary', 'Double']),
  value: z.string(),
});
const columnValue = z.union([z.string(), z.boolean(), z.int32(), typedValue]);
type ColumnValue = z.output<typeof columnValue>;

const rowLine = z.strictObject({
  partitionKey: z.string(),
  rowKey: z.string(),
  columns: z.record(z.string(), columnValue),
});

const readColumn = z.looseObject({ type: z.string(), value: z.union([z.string(), z.number(), z.boolean()]) });

/** A row that was read with `disableTypeConversion`, as a line. Throws for a type that tables do not have. */
export function describeRow(entity: Readonly<Record<string, unknown>>): RowLine {
  const { partitionKey, rowKey, etag: _etag, timestamp: _timestamp, ...rest } = entity;
  const columns = Object.entries(rest)
    .filter(([name]) => !name.startsWith('odata.'))
    .map(([name, value]) => [name, describeColumn(name, value)]);
  return { partitionKey: String(partitionKey), rowKey: String(rowKey), columns: Object.fromEntries(columns) };
}

function describeColumn(name: string, column: unknown): ColumnValue {
  const { type, value } = readColumn.parse(column);
  if (type === 'String') return String(value);
  if (type === 'Boolean') return String(value) === 'true';
  const number = Number(value);
  if (type === 'Int32' && number === (number | 0)) return number;
  // The service leaves the type of a fraction out, and of a whole number that is too large for 32 bits.
  const parsed = typedValue.safeParse({ type: type === 'Int32' ? 'Double' : type, value: String(value) });
  if (!parsed.success) throw new Error(`The column ${name} has the type ${type}, which tables do not have.`);
  return parsed.data;
}

/** Reads a line; throws with what is wrong with it. */
export function parseRowLine(text: string): RowLine {
  return rowLine.parse(JSON.parse(text));
}

/** The row to write for a line. */
export function makeEntity({ partitionKey, rowKey, columns }: RowLine): TableEntity {
  const values = Object.entries(columns).map(([name, column]) => [name, makeColumn(column)]);
  return { ...Object.fromEntries(values), partitionKey, rowKey };
}

function makeColumn(column: ColumnValue): unknown {
  if (typeof column !== 'object') return column;
  return column.type === 'Double' ? { type: 'Double', value: Number(column.value) } : column;
}
