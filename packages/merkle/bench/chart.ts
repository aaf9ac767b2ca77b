// Bytes and round trips by the number of differences, drawn as SVG with logarithmic axes.

import type { Row } from "./sync.ts";

const colors: readonly string[] = ["#0b6e4f", "#7fb069", "#c8553d", "#6c757d", "#3d5a80"];
const [width, height, left, top] = [760, 440, 70, 46];
const plot = { width: 460, height: 320 };

export function chartOf(rows: readonly Row[], title: string): string {
  const shown = rows.filter(({ differences }) => differences > 0);
  const ways = [...new Set(shown.map(({ way }) => way))];
  const counts = [...new Set(shown.map(({ differences }) => differences))].sort((a, b) => a - b);
  const mostPower = Math.ceil(Math.log10(Math.max(...shown.map(({ bytes }) => bytes))));
  const x = (differences: number): number =>
    left + (Math.log10(differences) / Math.log10(counts.at(-1)!)) * plot.width;
  const y = (bytes: number): number =>
    top + plot.height * (1 - (Math.log10(bytes) - 1) / (mostPower - 1));
  const parts: string[] = [];
  const text = (at: { x: number; y: number }, content: string, more = ""): void => {
    parts.push(`<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" ${more}>${content}</text>`);
  };
  for (let power = 1; power <= mostPower; power += 1) {
    const at = y(10 ** power);
    parts.push(`<path d="M${left} ${at.toFixed(1)}h${plot.width}" stroke="#ddd"/>`);
    text({ x: left - 8, y: at + 4 }, bytesText(10 ** power), 'text-anchor="end"');
  }
  for (const count of counts) {
    parts.push(`<path d="M${x(count).toFixed(1)} ${top}v${plot.height}" stroke="#eee"/>`);
    text(
      { x: x(count), y: top + plot.height + 18 },
      count.toLocaleString("en"),
      'text-anchor="middle"',
    );
  }
  text({ x: left, y: 24 }, title, 'font-size="15" font-weight="600"');
  text({ x: left + plot.width / 2, y: height - 34 }, "keys that differ", 'text-anchor="middle"');
  text(
    { x: left, y: height - 12 },
    "Bytes of both directions; at each point, round trips.",
    'fill="#555"',
  );
  // Names stand at the ends of their lines, and apart where those are close.
  const names = ways.map((way) => ({
    way,
    at: y(shown.findLast((row) => row.way === way)!.bytes),
  }));
  let lowest = 0;
  for (const { way, at } of names.sort((one, two) => one.at - two.at)) {
    lowest = Math.max(at + 4, lowest + 18);
    const color = colors[ways.indexOf(way) % colors.length]!;
    const place = { x: left + plot.width + 18, y: lowest };
    text(place, way, `fill="${color}" font-weight="600"`);
  }
  for (const [index, way] of ways.entries()) {
    const own = shown.filter((row) => row.way === way);
    const color = colors[index % colors.length]!;
    const points = own.map(
      ({ differences, bytes }) => `${x(differences).toFixed(1)},${y(bytes).toFixed(1)}`,
    );
    parts.push(
      `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`,
    );
    for (const { differences, bytes, roundTrips } of own) {
      parts.push(
        `<circle cx="${x(differences).toFixed(1)}" cy="${y(bytes).toFixed(1)}" r="8" fill="${color}"/>`,
      );
      text(
        { x: x(differences), y: y(bytes) + 4 },
        String(roundTrips),
        'text-anchor="middle" fill="#fff"',
      );
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${title}">
<rect width="${width}" height="${height}" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}

function bytesText(bytes: number): string {
  if (bytes >= 1e6) return `${bytes / 1e6} MB`;
  return bytes >= 1e3 ? `${bytes / 1e3} kB` : `${bytes} B`;
}
