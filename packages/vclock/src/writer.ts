import type { Dot } from "./dot.ts";
import { VclockError } from "./errors.ts";
import { checkOrigin, type Origin } from "./origin.ts";
import { emptyVector, selectEntries, sequenceOf, type VersionVector } from "./vector.ts";

/**
 * What one record says about causality.
 *
 * @public
 */
export interface Stamp {
  /** The record's own. */
  readonly dot: Dot;
  /** Entries of other origins that the writer's copy gained since its previous record. */
  readonly delta: VersionVector;
}

/**
 * One life of one writer in one stream: hands out its dots, each once, in order. It holds nothing
 * worth saving, because the next life has another origin.
 *
 * @public
 */
export class Writer {
  /** Minted for this life and durable before the first {@link Writer.next}. */
  readonly origin: Origin;
  #sequence = 0;
  #known: VersionVector = emptyVector;

  constructor(origin: Origin) {
    checkOrigin(origin);
    this.origin = origin;
  }

  /** The sequence handed out last; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * The stamp of the next record.
   *
   * @param known - the vector of this writer's copy, as it is before the record
   * @throws VclockError `ORIGIN_REUSED` when the vector has dots of this origin that this writer did
   *   not hand out, `SEQUENCE_EXHAUSTED` after 2^53-1; the writer is as it was
   */
  next(known: VersionVector): Stamp {
    if (sequenceOf(known, this.origin) > this.#sequence) {
      throw new VclockError("ORIGIN_REUSED", `origin ${this.origin} has another writer`);
    }
    if (this.#sequence === Number.MAX_SAFE_INTEGER) {
      throw new VclockError("SEQUENCE_EXHAUSTED", `origin ${this.origin} has used 2^53-1 dots`);
    }
    const delta = selectEntries(known, (origin, sequence) =>
      origin !== this.origin && sequence > sequenceOf(this.#known, origin) ? sequence : 0,
    );
    this.#known = known;
    this.#sequence += 1;
    return { dot: { origin: this.origin, sequence: this.#sequence }, delta };
  }
}
