/**
 * Work that may go on for long, a page at each step; it stops only where there is more. What a step begins, it ends: the walk can be left
 * after any.
 */
export type Walk = AsyncGenerator<void, void>;
