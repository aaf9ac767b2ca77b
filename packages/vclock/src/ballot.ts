// Confidence voting. What replicates is who said what, which joins; who wins is computed by whoever
// asks. Scores are sums of integers below 2^53, so they do not depend on the order of addition.

import { checkSequence } from "./dot.ts";
import { ascending } from "./order.ts";
import { checkText } from "./text.ts";

/**
 * What one voter says last about which candidate is right.
 *
 * @public
 */
export interface Vote {
  /** Who votes, for example the node part of an origin; lives of one node are one voter. */
  readonly voter: string;
  /** Orders the votes of one voter: integer in 1 .. 2^53-1, the highest counts. */
  readonly sequence: number;
  /** Names the content voted for, for example a hash of it. */
  readonly candidate: string;
  /** Integer in 0 .. 65535, for 0 to 1. */
  readonly confidence: number;
}

/**
 * The latest vote of each voter, sorted by voter.
 *
 * @public
 */
export type Ballot = readonly Vote[];

/** The highest confidence of a vote. */
export const CONFIDENCE_MAX = 65_535;

/**
 * The ballot of any votes: duplicates, older votes and order make no difference.
 *
 * @throws RangeError or TypeError for a confidence or sequence out of range or a lone surrogate
 * @public
 */
export function ballotOf(votes: Iterable<Vote>): Ballot {
  const sorted = Array.from(votes, (vote) => {
    checkVote(vote);
    return vote;
  }).sort(compareVotes);
  return sorted.filter((vote, i) => sorted[i + 1]?.voter !== vote.voter);
}

function checkVote({ voter, sequence, candidate, confidence }: Vote): void {
  checkText(voter);
  checkText(candidate);
  checkSequence(sequence);
  checkConfidence(confidence);
}

/** Programmer error unless `confidence` is a 16-bit integer. */
export function checkConfidence(confidence: number): void {
  if (!Number.isInteger(confidence) || confidence < 0 || confidence > CONFIDENCE_MAX) {
    throw new RangeError(`a confidence is an integer in 0 .. ${CONFIDENCE_MAX}, not ${confidence}`);
  }
}

/** By voter, then oldest first; a voter with two votes of one sequence is settled by content. */
function compareVotes(left: Vote, right: Vote): number {
  return (
    ascending(left.voter, right.voter) ||
    left.sequence - right.sequence ||
    left.confidence - right.confidence ||
    ascending(left.candidate, right.candidate)
  );
}

/**
 * The latest vote of each voter of either ballot.
 *
 * @public
 */
export function joinBallots(left: Ballot, right: Ballot): Ballot {
  const ballot: Vote[] = [];
  for (let i = 0, j = 0; i < left.length || j < right.length;) {
    const ours = left[i];
    const theirs = right[j];
    if (theirs === undefined || (ours !== undefined && ours.voter < theirs.voter)) {
      ballot.push(ours as Vote);
      i++;
    } else if (ours === undefined || theirs.voter < ours.voter) {
      ballot.push(theirs);
      j++;
    } else {
      ballot.push(compareVotes(ours, theirs) < 0 ? theirs : ours);
      i++;
      j++;
    }
  }
  return ballot;
}

/**
 * How one candidate did.
 *
 * @public
 */
export interface Tally {
  /** What its votes name. */
  readonly candidate: string;
  /** The sum of its votes' confidences. */
  readonly score: number;
  /** Its voters, sorted. */
  readonly support: readonly string[];
  /** The highest confidence among its votes. */
  readonly strongest: number;
}

/**
 * The outcome of a vote.
 *
 * @public
 */
export interface Verdict {
  /** The first by the rules of {@link tally}. */
  readonly winner: Tally;
  /** The winner's score above the next best; its whole score when alone; 0 for a tie. */
  readonly margin: number;
  /** The other candidates, best first. */
  readonly losers: readonly Tally[];
}

/**
 * Who wins: the highest score, then the strongest single vote, then the first in the order of
 * {@link ascending}. A pure function of the ballot, so it is never stored; undefined without votes.
 *
 * @public
 */
export function tally(ballot: Ballot): Verdict | undefined {
  const votes = new Map<string, Vote[]>();
  for (const vote of ballot) {
    const same = votes.get(vote.candidate);
    if (same === undefined) votes.set(vote.candidate, [vote]);
    else same.push(vote);
  }
  const ranked = Array.from(votes, ([candidate, cast]): Tally => {
    const confidences = cast.map(({ confidence }) => confidence);
    return {
      candidate,
      score: confidences.reduce((sum, confidence) => sum + confidence, 0),
      support: cast.map(({ voter }) => voter),
      strongest: confidences.reduce((a, b) => Math.max(a, b)),
    };
  }).sort(
    (a, b) => b.score - a.score || b.strongest - a.strongest || ascending(a.candidate, b.candidate),
  );
  const [winner, ...losers] = ranked;
  if (winner === undefined) return undefined;
  return { winner, margin: winner.score - (losers[0]?.score ?? 0), losers };
}
