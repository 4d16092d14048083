/** A job's place in its lane's line: start-time fair-queueing tags in the lane's virtual time (capacity units per share). */
export interface Ticket {
  readonly start: number;
  readonly finish: number;
}
