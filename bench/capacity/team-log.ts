import { addToPeaks, createPeakWindows, readPeaks } from '../../tools/simulator/peak-windows.ts';

/** What a team was let through on all deployments together, and its most in any 60 seconds. */
export class TeamLog {
  readonly #sent = createPeakWindows();

  add(tokens: number, nowMs: number): void {
    addToPeaks(this.#sent, tokens, Math.floor(nowMs));
  }

  get most(): { readonly mostTokensIn60S: number; readonly mostRequestsIn60S: number } {
    const { tokens, requests } = readPeaks(this.#sent).in60Seconds;
    return { mostTokensIn60S: tokens, mostRequestsIn60S: requests };
  }
}
