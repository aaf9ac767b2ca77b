/**
 * Where a member is in its life. `joining`: listed, owns nothing yet, so that a plan can show what
 * activating it would move. `active`: owns slots. `draining` and `down`: keep every slot they own but
 * come after all other owners (down last), so that marking a member moves no data; only removing it,
 * or changing its weight or zone, does.
 *
 * @public
 */
export type MemberState = "joining" | "active" | "draining" | "down";

/**
 * One member of a ring. Frozen.
 *
 * @public
 */
export interface Member {
  /**
   * Well-formed Unicode, 1 to 255 bytes of UTF-8. It alone decides what the member draws: use a
   * random id kept on disk, not an address that another machine may have tomorrow.
   */
  readonly id: string;
  /** Share of the slots relative to the others, an integer from 1 to 16384. */
  readonly weight: number;
  /** Failure domain (zone, rack, host: whatever fails together); members without one share `""`. */
  readonly zone: string;
  /** See {@link MemberState}. */
  readonly state: MemberState;
}

/**
 * A member as given to {@link Ring.of} or {@link Ring.with}. What is left out keeps its value, or for
 * a new member is `weight: 1`, `zone: ""`, `state: "active"`.
 *
 * @public
 */
export type MemberInput = Pick<Member, "id"> & Partial<Member>;

/** In the order of preference among the owners of a slot; also the code in the encoding. */
export const STATES: readonly MemberState[] = ["active", "draining", "down", "joining"];

/** Orders as the UTF-8 bytes do, so that ties fall alike in every language. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codeOrder(x) - codeOrder(y);
  }
  return a.length - b.length;
}

/** Lifts surrogates, which stand for U+10000 and above, over U+E000..U+FFFF. */
function codeOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Throws unless `text` is well-formed Unicode of at most 255 bytes. */
export function checkText(text: unknown, what: string): asserts text is string {
  if (typeof text !== "string") throw new TypeError(`${what} must be a string`);
  if (utf8Length(text) > 255) throw new RangeError(`${what} must be at most 255 bytes of UTF-8`);
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    if (point >= 0xd800 && point <= 0xdfff) throw new RangeError("text with a lone surrogate");
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
