/** Share of exchanges that go to the peer furthest behind. */
const LAGGING_SHARE = 0.2;

/**
 * Picks the peer for the next exchange of data that every member holds: four times in five any, and
 * once in five the one with the greatest `lag`, so that neither chance nor a slow link leaves a
 * member behind for long. `lag` is in any unit that compares, such as seconds since its digest was
 * last equal to ours. Undefined if there are no peers.
 *
 * @param peers - those believed reachable
 * @param random - source of numbers in [0, 1)
 * @public
 */
export function choosePeer<Peer extends { readonly lag: number }>(
  peers: readonly Peer[],
  random: () => number,
): Peer | undefined {
  const isForLagging = random() < LAGGING_SHARE;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const { lag } of peers) greatest = Math.max(greatest, lag);
  const eligible = isForLagging ? peers.filter(({ lag }) => lag === greatest) : peers;
  return eligible[Math.floor(random() * eligible.length)];
}
