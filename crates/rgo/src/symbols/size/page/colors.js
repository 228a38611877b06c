// Chooses colors. A color says the kind of most bytes of a box, or the group of the open level that the box is in.

const HUES = [255, 150, 65, 310, 200, 25, 110, 345, 280, 90];
const KIND_HUES = [
  [/code|text/, 255],
  [/read-only|rodata/, 160],
  [/zero|bss/, 30],
  [/debug/, 310],
  [/unwind/, 205],
  [/symbol|string/, 345],
  [/head|padding/, null],
  [/link|reloc|import|export/, 115],
  [/data/, 75],
];

const kinds = columns.get("kind");
const kindHues = kinds
  ? kinds.names.map((name, index) => {
      const known = KIND_HUES.find(([pattern]) => pattern.test(name));
      return known ? known[1] : HUES[index % HUES.length];
    })
  : [];

/** The hue of a box at the open level, in degrees; null is gray. */
function hueFinder(level, { color, bytes }) {
  if (color === "kind") {
    return ({ node }) => {
      node.mainKind ??= {};
      node.mainKind[bytes] ??= node.valuesOf(kinds, bytes)[0].index;
      return kindHues[node.mainKind[bytes]] ?? null;
    };
  }
  const ranks = new Map(level.largest(bytes).slice(0, HUES.length).map((node, rank) => [node, rank]));
  return ({ node }) => {
    let top = node;
    while (top.depth > level.depth + 1) top = top.parent;
    return HUES[ranks.get(top)] ?? null; // also of what is too small: its node is the level itself
  };
}

/** What the colors of a level mean: `{ hue, name, size, place }`, the largest first; `place` shows these parts alone. */
function legendOf(level, { color, bytes, q }) {
  if (color === "kind") {
    return level
      .valuesOf(kinds, bytes)
      .filter((group) => group[bytes] > 0 && group.index >= 0)
      .map((group) => ({
        hue: kindHues[group.index],
        name: kinds.names[group.index],
        size: group[bytes],
        place: { q: withName(q, "kind", kinds.names[group.index]) },
      }));
  }
  return level.largest(bytes).slice(0, HUES.length).map((node, rank) => ({
    hue: HUES[rank],
    name: node.name,
    size: node[bytes],
    place: { at: node.path },
  }));
}

/** The colors of the page's style, for the canvas. */
function paletteOf(host) {
  const style = getComputedStyle(host);
  const read = (name) => style.getPropertyValue(name).trim();
  const fill = (lightness, chroma) => (hue) =>
    `oklch(${lightness} ${hue === null ? 0.008 : chroma} ${hue === null ? 260 : hue})`;
  return {
    text: read("--box-text"),
    gap: read("--surface"),
    chosen: read("--accent"),
    box: fill(read("--box-lightness"), read("--box-chroma")),
    open: fill(read("--open-lightness"), read("--open-chroma")),
  };
}
