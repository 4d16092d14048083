import { addToPeaks, createPeakWindows, type PeakWindows, readPeaks } from '../../tools/simulator/peak-windows.ts';

interface Most {
  readonly mostTokensIn60S: number;
  readonly mostRequestsIn60S: number;
}

/** What a team was let through on all deployments together: its most in any 60 seconds, of the whole run and of the measured time. */
export class TeamLog {
  readonly #all = createPeakWindows();
  readonly #measured = createPeakWindows();

  add(tokens: number, nowMs: number, isMeasured: boolean): void {
    addToPeaks(this.#all, tokens, Math.floor(nowMs));
    if (isMeasured) addToPeaks(this.#measured, tokens, Math.floor(nowMs));
  }

  get most(): Most {
    return mostOf(this.#all);
  }

  get measured(): Most {
    return mostOf(this.#measured);
  }
}

function mostOf(windows: PeakWindows): Most {
  const { tokens, requests } = readPeaks(windows).in60Seconds;
  return { mostTokensIn60S: tokens, mostRequestsIn60S: requests };
}
