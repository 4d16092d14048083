import { WeirError } from '../../core/http/weir-error.ts';

/** The value a parser read, or its refusal as an exception for the wrapper to answer with. */
export function orThrow<T>(value: T | WeirError): T {
  if (value instanceof WeirError) throw value;
  return value;
}
