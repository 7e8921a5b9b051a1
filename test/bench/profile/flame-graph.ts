import type { Frame } from "./cpu-profile.ts";

const WIDTH = 1_200;
const ROW = 17;
const HEAD = 34;
/** Frames that are narrower are left out, and letters take so much, in pixels. */
const LEAST = 1.5;
const LETTER = 6.4;

/** Colours by what a frame belongs to. */
const COLOURS: readonly (readonly [prefix: string, colour: string])[] = [
  ["services/storage", "#f2a65a"],
  ["services/", "#f6cf71"],
  ["gateway", "#9ecb7f"],
  ["proto", "#c9dba0"],
  ["npm ", "#8cb7e0"],
  ["node:", "#c8c8d8"],
  ["native ", "#e58f7b"],
  ["(garbage", "#d46a6a"],
];

/** A flame graph: the width of a frame is its share of the samples, what it calls is above it; names show on hover. */
export function flameGraph(title: string, root: Frame): string {
  const scale = WIDTH / Math.max(1, root.total);
  const depth = depthOf(root, scale);
  const height = HEAD + depth * ROW + 4;
  const parts: string[] = [];

  function draw(frame: Frame, { left, level }: { left: number; level: number }): void {
    const width = frame.total * scale;
    if (width < LEAST) return;
    const top = height - (level + 1) * ROW - 2;
    const share = ((frame.total / root.total) * 100).toFixed(1);
    const label = level === 0 ? title : `${frame.name} ${frame.place === "" ? frame.area : frame.place}`;
    const letters = Math.floor((width - 4) / LETTER);
    const name = frame.name.length <= letters ? frame.name : frame.name.slice(0, Math.max(0, letters - 1));
    const text = letters < 3 ? "" : `<text x="${(left + 2).toFixed(1)}" y="${top + 12}">${escaped(name)}</text>`;
    parts.push(
      `<g><title>${escaped(label)}, ${share} %</title><rect x="${left.toFixed(1)}" y="${top}" ` +
        `width="${(width - 0.3).toFixed(1)}" height="${ROW - 1}" fill="${colourOf(frame)}"/>${text}</g>`,
    );
    let childLeft = left;
    for (const child of frame.children.toSorted((a, b) => a.name.localeCompare(b.name))) {
      draw(child, { left: childLeft, level: level + 1 });
      childLeft += child.total * scale;
    }
  }
  draw(root, { left: 0, level: 0 });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">\n` +
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>\n<text x="4" y="20" font-size="14">${escaped(title)}</text>\n` +
    `${parts.join("\n")}\n</svg>\n`
  );
}

function depthOf(frame: Frame, scale: number): number {
  if (frame.total * scale < LEAST) return 0;
  return 1 + Math.max(0, ...frame.children.map((child) => depthOf(child, scale)));
}

function colourOf({ area }: Frame): string {
  return COLOURS.find(([prefix]) => area.startsWith(prefix))?.[1] ?? "#e0e0e0";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
