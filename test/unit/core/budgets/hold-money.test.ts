import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../../../src/core/budgets/budget.ts';
import { holdMoney, releaseMoney, settleMoney, spendMoney } from '../../../../src/core/budgets/hold-money.ts';

const budget = (spentNanoUsd: number, heldNanoUsd: number): Budget => ({
  team: 'search',
  period: '2026-11',
  spentNanoUsd,
  heldNanoUsd,
});

describe('holdMoney', () => {
  it('holds up to exactly the limit and refuses one nano-dollar more, with the figures', () => {
    expect(holdMoney(budget(60, 30), 10, 100)).toEqual({ outcome: 'fits', budget: budget(60, 40) });
    expect(holdMoney(budget(60, 30), 11, 100)).toEqual({
      outcome: 'refused',
      spentNanoUsd: 60,
      heldNanoUsd: 30,
      limitNanoUsd: 100,
    });
  });

  it('holds anything where there is no hard limit', () => {
    expect(holdMoney(budget(60, 30), 1_000_000, null).outcome).toBe('fits');
  });

  it('refuses even nothing once the budget is overspent', () => {
    expect(holdMoney(budget(101, 0), 0, 100).outcome).toBe('refused');
  });
});

describe('settleMoney', () => {
  it('replaces the hold by the cost, be it less or more', () => {
    expect(settleMoney(budget(10, 50), 20, 5)).toEqual(budget(15, 30));
    expect(settleMoney(budget(10, 50), 20, 25)).toEqual(budget(35, 30));
  });
});

describe('the arithmetic', () => {
  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (amount) => {
    expect(() => holdMoney(budget(0, 0), amount, null)).toThrow('whole number');
    expect(() => releaseMoney(budget(0, 10), amount)).toThrow('whole number');
    expect(() => spendMoney(budget(0, 0), amount)).toThrow('whole number');
  });

  it('never gives back more than is held', () => {
    expect(() => releaseMoney(budget(0, 10), 11)).toThrow('exceeds');
  });

  it('never drifts and never goes below zero, whatever the order of holds, settlements and releases', () => {
    const step = fc.record({
      kind: fc.constantFrom('hold', 'settle', 'release', 'spend'),
      amount: fc.nat(50_000),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(300_000), (steps, limit) => {
        let now = budget(0, 0);
        let spent = 0;
        const holds: number[] = [];
        for (const { kind, amount, pick } of steps) {
          const open = holds.length === 0 ? -1 : pick % holds.length;
          if (kind === 'hold') {
            const decision = holdMoney(now, amount, limit);
            const fits = spent + holds.reduce((sum, hold) => sum + hold, 0) + amount <= limit;
            expect(decision.outcome).toBe(fits ? 'fits' : 'refused');
            if (decision.outcome === 'fits') {
              now = decision.budget;
              holds.push(amount);
            }
          } else if (kind === 'spend') {
            now = spendMoney(now, amount);
            spent += amount;
          } else if (open >= 0) {
            const [hold = 0] = holds.splice(open, 1);
            const cost = kind === 'settle' ? Math.min(amount, hold) : 0;
            now = kind === 'settle' ? settleMoney(now, hold, cost) : releaseMoney(now, hold);
            spent += cost;
          }
          expect(now.heldNanoUsd).toBe(holds.reduce((sum, hold) => sum + hold, 0));
          expect(now.spentNanoUsd).toBe(spent);
          expect(now.heldNanoUsd).toBeGreaterThanOrEqual(0);
        }
        for (const hold of holds) now = releaseMoney(now, hold);
        expect(now.heldNanoUsd).toBe(0);
      }),
    );
  });
});
