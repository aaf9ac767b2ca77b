// Canonical bytes of ballots, two-phase sets, evidence and claims; the layout is drawn in the README.

import { type Ballot, CONFIDENCE_MAX, type Vote } from "./ballot.ts";
import { compareBytes, readVector, type ValueCodec, writeVector } from "./causal-codec.ts";
import { type Claim, type ClaimSet, compareClaims, dominates } from "./claims.ts";
import {
  type Contribution,
  DIMENSIONS_MAX,
  type Evidence,
  SCALE,
  WEIGHT_MAX,
} from "./embedding.ts";
import { VclockError } from "./errors.ts";
import { type OriginTable, originTable } from "./origin-table.ts";
import { decodeState, type Malformed, type StateReader } from "./state-reader.ts";
import { encodeState, type StateWriter } from "./state-writer.ts";
import type { TwoPhaseSet } from "./two-phase.ts";

const NO_ORIGINS = originTable([]);
/** Honest sets hold about one claim a copy; a hostile one would cost the square of this to check. */
const CLAIMS_MAX = 1024;

/**
 * Canonical bytes: equal for equal ballots only.
 *
 * @public
 */
export function encodeBallot(ballot: Ballot): Uint8Array {
  return encodeState([], NO_ORIGINS, (writer) => {
    writer.varint(ballot.length);
    for (const { voter, sequence, candidate, confidence } of ballot) {
      writer.text(voter);
      writer.varint(sequence);
      writer.text(candidate);
      writer.varint(confidence);
    }
  });
}

/**
 * The ballot that {@link encodeBallot} wrote, or why there is none.
 *
 * @public
 */
export function decodeBallot(bytes: Uint8Array): Ballot | Malformed {
  return decodeState(bytes, NO_ORIGINS, (reader) => {
    const count = reader.count(4);
    const ballot: Vote[] = [];
    for (let i = 0; i < count && !reader.hasFailed(); i++) {
      const vote = {
        voter: reader.text(),
        sequence: reader.positive(),
        candidate: reader.text(),
        confidence: reader.varint(),
      };
      if (i > 0 && vote.voter <= (ballot[i - 1] as Vote).voter) reader.fail("unsorted");
      if (vote.confidence > CONFIDENCE_MAX) reader.fail("bad-value");
      ballot.push(vote);
    }
    return ballot;
  });
}

/**
 * Canonical bytes: equal for equal sets only.
 *
 * @public
 */
export function encodeTwoPhase({ added, removed }: TwoPhaseSet): Uint8Array {
  return encodeState([], NO_ORIGINS, (writer) => {
    writeTexts(writer, added);
    writeTexts(writer, removed);
  });
}

/**
 * The set that {@link encodeTwoPhase} wrote, or why there is none.
 *
 * @public
 */
export function decodeTwoPhase(bytes: Uint8Array): TwoPhaseSet | Malformed {
  return decodeState(bytes, NO_ORIGINS, (reader) => {
    const added = readTexts(reader);
    const removed = readTexts(reader);
    const gone = new Set(removed);
    if (added.some((element) => gone.has(element))) reader.fail("not-normal");
    return { added, removed };
  });
}

function writeTexts(writer: StateWriter, texts: readonly string[]): void {
  writer.varint(texts.length);
  for (const text of texts) writer.text(text);
}

function readTexts(reader: StateReader): string[] {
  const count = reader.count(1);
  const texts: string[] = [];
  for (let i = 0; i < count && !reader.hasFailed(); i++) {
    const text = reader.text();
    if (i > 0 && text <= (texts[i - 1] as string)) reader.fail("unsorted");
    texts.push(text);
  }
  return texts;
}

/**
 * Canonical bytes: equal for equal evidence only. 8 bytes a component and origin.
 *
 * @throws VclockError `UNKNOWN_ORIGIN` when `table` lacks one
 * @public
 */
export function encodeEvidence(
  { dimensions, contributions }: Evidence,
  table?: OriginTable,
): Uint8Array {
  const origins = contributions.map(({ origin }) => origin);
  return encodeState(origins, table, (writer) => {
    writer.varint(dimensions);
    writer.varint(contributions.length);
    for (const { origin, sequence, weight, sums } of contributions) {
      writer.origin(origin);
      writer.varint(sequence);
      writer.varint(weight);
      for (const sum of sums) writer.float64(sum);
    }
  });
}

/**
 * The evidence that {@link encodeEvidence} wrote with the same table, or why there is none.
 *
 * @public
 */
export function decodeEvidence(bytes: Uint8Array, table?: OriginTable): Evidence | Malformed {
  return decodeState(bytes, table, (reader) => {
    const dimensions = reader.positive();
    if (dimensions > DIMENSIONS_MAX) reader.fail("bad-value");
    const count = reader.count(3 + 8 * dimensions);
    const contributions: Contribution[] = [];
    for (let i = 0; i < count && !reader.hasFailed(); i++) {
      const contribution = readContribution(reader, dimensions);
      const previous = contributions.at(-1);
      if (previous !== undefined && contribution.origin <= previous.origin) {
        reader.fail("unsorted");
      }
      contributions.push(contribution);
    }
    return { dimensions, contributions };
  });
}

function readContribution(reader: StateReader, dimensions: number): Contribution {
  const { origin, sequence } = reader.dot();
  const weight = reader.varint();
  if (weight > WEIGHT_MAX) reader.fail("bad-value");
  const sums: number[] = [];
  for (let i = 0; i < dimensions && !reader.hasFailed(); i++) {
    const sum = reader.float64();
    // One form for zero, and no sum that this weight cannot have given.
    const isPossible = Number.isInteger(sum) && Math.abs(sum) <= SCALE * weight;
    if (!isPossible || Object.is(sum, -0)) reader.fail("bad-value");
    sums.push(sum);
  }
  return { origin, sequence, weight, sums };
}

/**
 * Canonical bytes: equal for equal sets only.
 *
 * @throws VclockError `UNKNOWN_ORIGIN` when `table` lacks one, `TOO_MANY_CLAIMS` above 1024
 * @public
 */
export function encodeClaims<T>(
  claims: ClaimSet<T>,
  values: ValueCodec<T>,
  table?: OriginTable,
): Uint8Array {
  if (claims.length > CLAIMS_MAX) {
    throw new VclockError("TOO_MANY_CLAIMS", `${claims.length} claims, ${CLAIMS_MAX} at most`);
  }
  const origins = claims.flatMap(({ vector }) => vector.origins);
  return encodeState(origins, table, (writer) => {
    writer.varint(claims.length);
    const encoded = claims.map((claim) => ({ ...claim, value: values.encode(claim.value) }));
    for (const claim of encoded.sort((a, b) => compareClaims(a, b, compareBytes))) {
      writer.varint(claim.version);
      writeVector(writer, claim.vector);
      writer.sized(claim.value);
    }
  });
}

/**
 * The claims that {@link encodeClaims} wrote with the same table, or why there are none.
 *
 * @public
 */
export function decodeClaims<T>(
  bytes: Uint8Array,
  values: ValueCodec<T>,
  table?: OriginTable,
): ClaimSet<T> | Malformed {
  return decodeState(bytes, table, (reader): Claim<T>[] => {
    const count = reader.count(3);
    if (count > CLAIMS_MAX) reader.fail("too-many");
    const claims: Claim<T>[] = [];
    let previous: Claim<Uint8Array> | undefined;
    for (let i = 0; i < count && !reader.hasFailed(); i++) {
      const claim = { version: reader.varint(), vector: readVector(reader), value: reader.sized() };
      if (reader.hasFailed()) break;
      if (previous !== undefined && compareClaims(previous, claim, compareBytes) >= 0) {
        reader.fail("unsorted");
      }
      previous = claim;
      const value = values.decode(claim.value);
      if (value === undefined) reader.fail("bad-value");
      else claims.push({ ...claim, value });
    }
    if (
      !reader.hasFailed() &&
      claims.some((claim) => claims.some((other) => dominates(other, claim)))
    ) {
      reader.fail("not-normal");
    }
    return claims.sort((a, b) => compareClaims(a, b, values.order));
  });
}
