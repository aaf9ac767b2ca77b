/** The digest of a set: how many items, and the sum of their digests lane by lane. */
export class Sum {
  count = 0;
  readonly lanes: Uint32Array;

  constructor(lanes: number) {
    this.lanes = new Uint32Array(lanes);
  }

  /** Adds (sign 1) or takes away (sign -1) an item by its digest. */
  add(digest: Uint32Array, sign: number): void {
    this.count += sign;
    const { lanes } = this;
    for (let lane = 0; lane < lanes.length; lane += 1) {
      lanes[lane] = ((lanes[lane] as number) + Math.imul(sign, digest[lane] as number)) | 0;
    }
  }

  equals(other: Sum): boolean {
    if (this.count !== other.count) return false;
    for (let lane = 0; lane < this.lanes.length; lane += 1) {
      if (this.lanes[lane] !== other.lanes[lane]) return false;
    }
    return true;
  }

  copy(): Sum {
    const copied = new Sum(this.lanes.length);
    copied.count = this.count;
    copied.lanes.set(this.lanes);
    return copied;
  }

  /** The count and the lanes in hexadecimal, 8 digits each. */
  toString(): string {
    let text = hex(this.count);
    for (const lane of this.lanes) text += hex(lane);
    return text;
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
