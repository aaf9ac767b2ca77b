import type { Random } from "./random.ts";

/** A property that did not hold. Shrinking keeps the oracle and lets everything else go. */
export class Violation extends Error {
  override name = "Violation";
  /** The name of the property. */
  readonly oracle: string;

  constructor(oracle: string, detail = "") {
    super(detail === "" ? oracle : `${oracle}: ${detail}`);
    this.oracle = oracle;
  }
}

/** How often a probe was asked, and how often its condition held. */
export interface Tally {
  asked: number;
  held: number;
}

/** What programs and tests say about a run while it runs. */
export class Probes {
  /** By name of the probe. An `always` never asked, or a `sometimes` never held, proves nothing. */
  readonly ledger: Map<string, Tally> = new Map();
  /** The first one, in case a program caught what {@link always} threw. */
  violation: Violation | undefined;
  readonly #random: Random | undefined;
  readonly #sites = new Map<string, Random | undefined>();

  /** @param random - absent: nothing is ever buggified */
  constructor(random?: Random) {
    this.#random = random;
  }

  /**
   * Whether the code at `site` should do the unusual but allowed thing now: send early, split a batch,
   * forget a hint. One site in four is active in a run; an active one says yes with `probability`.
   */
  buggify(site: string, probability = 0.25): boolean {
    if (this.#random === undefined) return false;
    if (!this.#sites.has(site)) {
      const random = this.#random.fork(site);
      this.#sites.set(site, random.chance(0.25) ? random : undefined);
    }
    const isFired = this.#sites.get(site)?.chance(probability) ?? false;
    this.#note(`buggify ${site}`, isFired);
    return isFired;
  }

  /** Over many runs the condition must hold at least once; a sweep lists those that never did. */
  sometimes(id: string, condition: boolean): void {
    this.#note(`sometimes ${id}`, condition);
  }

  /** Marks a place that sweeps must get to. */
  reach(id: string): void {
    this.#note(`reach ${id}`, true);
  }

  /** Ends the run with a {@link Violation} unless the condition holds. */
  always(id: string, condition: boolean, detail?: string | (() => string)): void {
    this.#note(`always ${id}`, condition);
    if (condition) return;
    const violation = new Violation(id, typeof detail === "function" ? detail() : detail);
    this.violation ??= violation;
    throw violation;
  }

  #note(id: string, condition: boolean): void {
    const tally = this.ledger.get(id) ?? { asked: 0, held: 0 };
    this.ledger.set(id, tally);
    tally.asked++;
    if (condition) tally.held++;
  }
}
