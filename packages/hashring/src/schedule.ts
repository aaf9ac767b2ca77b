import type { Move, Plan } from "./plan.ts";
import type { Readiness } from "./answers.ts";

/**
 * How much a {@link Schedule} lets run at once; each an integer of at least 1.
 *
 * @public
 */
export interface ScheduleLimits {
  /**
   * Moves into one member.
   *
   * @defaultValue 2
   */
  readonly perTarget?: number;
  /**
   * Moves out of one member.
   *
   * @defaultValue 2
   */
  readonly perSource?: number;
  /**
   * Moves between zones.
   *
   * @defaultValue unlimited
   */
  readonly crossZone?: number;
  /**
   * Moves altogether.
   *
   * @defaultValue unlimited
   */
  readonly total?: number;
}

/**
 * Hands out the moves of a plan as fast as its limits allow, slots with the fewest ready holders first.
 *
 * It does no copying and keeps no state worth saving: a move is done when its target says it is ready.
 * To resume after a crash, or elsewhere, make the plan and a schedule again with present readiness.
 *
 * @public
 */
export class Schedule {
  /** Moves without a source: nobody ready holds the slot. Wait for a holder, then plan again. */
  readonly blocked: readonly Move[];
  readonly #limits: Required<ScheduleLimits>;
  readonly #running = new Set<Move>();
  readonly #incoming = new Map<string, number>();
  readonly #outgoing = new Map<string, number>();
  #waiting: Move[];
  #crossing = 0;

  /**
   * @param isReady - leaves out moves whose target is ready already; default: none is
   * @throws RangeError if a limit is not an integer of at least 1
   */
  constructor(
    plan: Pick<Plan, "moves">,
    limits: ScheduleLimits = {},
    isReady: Readiness = () => false,
  ) {
    const unlimited = Number.MAX_SAFE_INTEGER;
    this.#limits = {
      perTarget: 2,
      perSource: 2,
      crossZone: unlimited,
      total: unlimited,
      ...limits,
    };
    for (const [name, limit] of Object.entries(this.#limits)) {
      if (!Number.isInteger(limit) || limit < 1) {
        throw new RangeError(`${name} must be an integer of at least 1, not ${limit}`);
      }
    }
    const open = plan.moves.filter(({ target, slot }) => !isReady(target, slot));
    this.blocked = open.filter((move) => move.source === undefined);
    this.#waiting = open
      .filter((move) => move.source !== undefined)
      .sort((a, b) => a.holders - b.holders);
  }

  /** Moves handed out and not yet finished or retried. */
  get running(): number {
    return this.#running.size;
  }

  /** Moves not handed out yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The next move to start, or undefined while the limits allow none or when none is left. */
  next(): Move | undefined {
    if (this.#running.size >= this.#limits.total) return undefined;
    const at = this.#waiting.findIndex((move) => this.#fits(move));
    const [move] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (move === undefined) return undefined;
    this.#running.add(move);
    this.#count(move, 1);
    return move;
  }

  /** Says that a move handed out is done, or given up. */
  finish(move: Move): void {
    if (!this.#running.delete(move)) throw new RangeError(`slot ${move.slot} is not being moved`);
    this.#count(move, -1);
  }

  /** Says that a move handed out has failed: it is handed out again after all that wait. */
  retry(move: Move): void {
    this.finish(move);
    this.#waiting.push(move);
  }

  #fits({ source = "", target, isCrossZone }: Move): boolean {
    const { perTarget, perSource, crossZone } = this.#limits;
    return (
      (this.#incoming.get(target) ?? 0) < perTarget &&
      (this.#outgoing.get(source) ?? 0) < perSource &&
      (!isCrossZone || this.#crossing < crossZone)
    );
  }

  #count({ source = "", target, isCrossZone }: Move, by: number): void {
    this.#incoming.set(target, (this.#incoming.get(target) ?? 0) + by);
    this.#outgoing.set(source, (this.#outgoing.get(source) ?? 0) + by);
    if (isCrossZone) this.#crossing += by;
  }
}
