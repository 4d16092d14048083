import { describe, expect, it } from 'vitest';
import { isMissedElsewhere } from '../../../../src/core/routing/misconfiguration.ts';

const missed = { deployment: 'westeurope', reason: 'deployment_not_found' };

describe('what one job is told to be missing', () => {
  it.each([
    ['nowhere else', [], false],
    ['in this deployment before', [missed], false],
    ['in another one', [{ ...missed, deployment: 'eastus' }], true],
    ['after another failure elsewhere', [{ deployment: 'eastus', reason: 'server_error_503' }], false],
  ])('%s', (_, attempts, isElsewhere) => {
    expect(isMissedElsewhere(attempts, missed)).toBe(isElsewhere);
  });

  it('says nothing of failures of other kinds', () => {
    const failed = { deployment: 'westeurope', reason: 'server_error_503' };
    expect(isMissedElsewhere([{ ...failed, deployment: 'eastus' }], failed)).toBe(false);
  });
});
