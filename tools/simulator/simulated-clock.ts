/** The simulation's own time: runs `timeScale` times as fast as the machine's and never backwards, in whole milliseconds. */
export type SimulatedClock = {
  timeScale: number;
  now(): number;
  /** How long a simulated span lasts on the caller's clock. */
  toRealMs(simulatedMs: number): number;
};

/** A clock that starts at `startMs` and is driven by `realNow`, in milliseconds. */
export function createSimulatedClock(timeScale: number, startMs: number, realNow: () => number): SimulatedClock {
  const origin = realNow();
  return {
    timeScale,
    now: () => startMs + Math.floor((realNow() - origin) * timeScale),
    toRealMs: (simulatedMs) => simulatedMs / timeScale,
  };
}
