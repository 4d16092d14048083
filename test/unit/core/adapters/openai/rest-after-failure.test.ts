import { describe, expect, it } from 'vitest';
import { restAfterFailure } from '../../../../../src/core/adapters/openai/rest-after-failure.ts';

function makeScene() {
  const scene = { now: 0, asks: 0, isAway: false };
  const token = restAfterFailure(
    async () => {
      scene.asks += 1;
      if (scene.isAway) throw new Error('the identity endpoint is away');
      return `token ${scene.asks}`;
    },
    () => scene.now,
  );
  return { scene, token };
}

describe('a token source that rests after a failure', () => {
  it('asks once for those who ask at the same time', async () => {
    const { token } = makeScene();
    expect(await Promise.all([token(), token(), token()])).toEqual(['token 1', 'token 1', 'token 1']);
    expect(await token()).toBe('token 2');
  });

  it('is asked again after a second, then after twice as long, at most every fifteen', async () => {
    const { scene, token } = makeScene();
    scene.isAway = true;
    const askedAtMs: number[] = [];
    for (; scene.now < 60_000; scene.now += 500) {
      const before = scene.asks;
      await expect(token()).rejects.toThrow('away');
      if (scene.asks > before) askedAtMs.push(scene.now);
    }
    expect(askedAtMs).toEqual([0, 1000, 3000, 7000, 15_000, 30_000, 45_000]);
  });

  it('works again at once after its rest', async () => {
    const { scene, token } = makeScene();
    scene.isAway = true;
    await expect(token()).rejects.toThrow('away');
    scene.isAway = false;
    scene.now = 999;
    await expect(token()).rejects.toThrow('away');
    scene.now = 1000;
    expect(await token()).toBe('token 2');
  });
});
