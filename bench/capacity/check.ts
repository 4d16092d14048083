/** One figure of a run with its goal; both are printed and the bench judges them. */
export interface Check {
  readonly figure: string;
  readonly value: number;
  readonly is: 'at least' | 'at most';
  readonly goal: number;
  /** What the issue asks for where this is another figure, and why; null where it is the issue's own. */
  readonly instead: string | null;
}

export function atLeast(figure: string, value: number, goal: number, instead: string | null = null): Check {
  return { figure, value, is: 'at least', goal, instead };
}

export function atMost(figure: string, value: number, goal: number, instead: string | null = null): Check {
  return { figure, value, is: 'at most', goal, instead };
}

/** A figure that could not be taken (NaN) meets no goal. */
export function isMet({ value, is, goal }: Check): boolean {
  return is === 'at least' ? value >= goal : value <= goal;
}

/** Of the same check on several seeds the one that is furthest from its goal; a figure that is missing somewhere is the worst. */
export function worstOf(checks: readonly Check[]): Check | undefined {
  return checks.reduce<Check | undefined>((worst, check) => {
    if (worst === undefined || Number.isNaN(check.value)) return check;
    const isWorse =
      check.is === 'at least' ? check.value < worst.value : check.value - check.goal > worst.value - worst.goal;
    return isWorse ? check : worst;
  }, undefined);
}
