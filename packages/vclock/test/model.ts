// Ground truth: a context is a set of events, spelled out one by one. Slow, and obviously right.

import type {
  Causality,
  Dot,
  DottedContext,
  Order,
  Versioned,
  VersionVector,
} from "@engram/vclock";

export type Events = ReadonlySet<string>;

export const name = ({ origin, sequence }: Dot): string => `${origin}:${sequence}`;

export function eventsOfVector({ origins, sequences }: VersionVector): Set<string> {
  const events = new Set<string>();
  origins.forEach((origin, i) => {
    for (let sequence = 1; sequence <= sequences[i]!; sequence++) {
      events.add(name({ origin, sequence }));
    }
  });
  return events;
}

export function eventsOf({ vector, ranges }: DottedContext): Set<string> {
  const events = eventsOfVector(vector);
  for (const { origin, first, last } of ranges) {
    for (let sequence = first; sequence <= last; sequence++) events.add(name({ origin, sequence }));
  }
  return events;
}

export const isSubset = (inner: Events, outer: Events): boolean => {
  for (const event of inner) if (!outer.has(event)) return false;
  return true;
};
export const union = (left: Events, right: Events): Events => new Set([...left, ...right]);
export const intersection = (left: Events, right: Events): Events =>
  new Set([...left].filter((event) => right.has(event)));
export const sameEvents = (left: Events, right: Events): boolean =>
  left.size === right.size && isSubset(left, right);

export function inclusion(left: Events, right: Events): Causality {
  const leftMore = !isSubset(left, right);
  const rightMore = !isSubset(right, left);
  if (leftMore) return rightMore ? "concurrent" : "after";
  return rightMore ? "before" : "equal";
}

/** For each known dot the values it still holds: none means overwritten or removed. */
export type VersionedModel<T> = ReadonlyMap<string, readonly T[]>;

export function modelOf<T>({ siblings, context }: Versioned<T>): VersionedModel<T> {
  const model = new Map<string, T[]>([...eventsOf(context)].map((event) => [event, []]));
  for (const { dot, value } of siblings) model.get(name(dot))!.push(value);
  return model;
}

/** Per dot: unknown, then any set of values, then none. */
export function mergeModels<T>(
  left: VersionedModel<T>,
  right: VersionedModel<T>,
  order: Order<T>,
): VersionedModel<T> {
  const merged = new Map(left);
  for (const [event, values] of right) {
    const ours = left.get(event);
    if (ours === undefined) merged.set(event, values);
    else if (ours.length === 0 || values.length === 0) merged.set(event, []);
    else merged.set(event, [...new Set([...ours, ...values])].sort(order));
  }
  return merged;
}

export function sameModel<T>(left: VersionedModel<T>, right: VersionedModel<T>): boolean {
  return (
    left.size === right.size &&
    [...left].every(([event, values]) => {
      const others = right.get(event);
      return (
        others?.length === values.length && values.every((value, i) => Object.is(value, others[i]))
      );
    })
  );
}
