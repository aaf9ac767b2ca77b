/**
 * Why an operation was refused; stable across minor versions, unlike messages.
 *
 * - `DOT_REUSED`: a dot that the state already covers was offered for a new value
 * - `ORIGIN_REUSED`: another writer uses this writer's origin
 * - `SEQUENCE_EXHAUSTED`: the next sequence would pass 2^53-1
 * - `TOO_MANY_CLAIMS`: a set of more than 1024 claims was to be encoded
 * - `UNKNOWN_ORIGIN`: the state holds an origin that the given table does not
 * - `WEIGHT_EXHAUSTED`: an origin's evidence would pass the exact range of its sums
 *
 * @public
 */
export type VclockErrorCode =
  | "DOT_REUSED"
  | "ORIGIN_REUSED"
  | "SEQUENCE_EXHAUSTED"
  | "TOO_MANY_CLAIMS"
  | "UNKNOWN_ORIGIN"
  | "WEIGHT_EXHAUSTED";

/**
 * An operation that would break causality was refused; every state is as it was before the call.
 *
 * @public
 */
export class VclockError extends Error {
  /** The class, also across copies of this package. */
  override name = "VclockError";
  /** What was refused. */
  readonly code: VclockErrorCode;

  constructor(code: VclockErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
