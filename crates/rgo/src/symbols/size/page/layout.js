// Computes where a drawing has its boxes. A box is `{ node, rest, x, y, w, h, parent, isOpen }`: a group, or with
// `rest` above zero that many groups which are too small to have a box each. An open box contains others.

const HEAD = 18;
const SMALLEST_AREA = 14;
const SMALLEST_HEIGHT = 3;

/** Children with `bytes` and one item for those that are too small, the largest first. */
function itemsOf(node, bytes, smallest) {
  const children = node.largest(bytes);
  let end = children.findIndex((child) => child[bytes] < smallest);
  if (end < 0 || end === children.length - 1) end = children.length;
  const items = children.slice(0, end).map((child) => ({ node: child, rest: 0, size: child[bytes] }));
  const size = children.slice(end).reduce((sum, child) => sum + child[bytes], 0);
  if (size > 0) items.push({ node, rest: children.length - end, size });
  return items;
}

/** Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): rows along the shorter side, as square as possible. */
function squarify(items, area) {
  const total = items.reduce((sum, item) => sum + item.size, 0);
  const scale = (area.w * area.h) / total;
  let { x, y, w, h } = area;
  const worst = (side, sum, largest, smallest) =>
    Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest));
  for (let start = 0; start < items.length; ) {
    const side = Math.min(w, h);
    const largest = items[start].size * scale;
    let sum = largest;
    let end = start + 1;
    let ratio = worst(side, sum, largest, largest);
    for (; end < items.length; end++) {
      const next = items[end].size * scale;
      const nextRatio = worst(side, sum + next, Math.max(largest, next), next);
      if (nextRatio > ratio) break;
      sum += next;
      ratio = nextRatio;
    }
    const thickness = sum / side;
    let along = 0;
    for (const item of items.slice(start, end)) {
      const length = (item.size * scale) / thickness;
      if (w >= h) Object.assign(item, { x, y: y + along, w: thickness, h: length });
      else Object.assign(item, { x: x + along, y, w: length, h: thickness });
      along += length;
    }
    if (w >= h) [x, w] = [x + thickness, w - thickness];
    else [y, h] = [y + thickness, h - thickness];
    start = end;
  }
  return items;
}

/** Boxes within boxes. A box has the area of its share. */
function treemap(node, area, bytes, parent = null, boxes = []) {
  if (!(node[bytes] > 0) || area.w < 1 || area.h < 1) return boxes;
  const smallest = (SMALLEST_AREA * node[bytes]) / (area.w * area.h);
  for (const item of squarify(itemsOf(node, bytes, smallest), area)) {
    const box = { ...item, parent, isOpen: false };
    boxes.push(box);
    if (box.rest > 0 || box.node.isLeaf || box.w < 46 || box.h < HEAD + 22) continue;
    box.isOpen = true;
    const inner = { x: box.x + 2, y: box.y + HEAD, w: box.w - 4, h: box.h - HEAD - 2 };
    treemap(box.node, inner, bytes, box, boxes);
  }
  return boxes;
}

/** A column for each level, from left to right. A box has the height of its share. */
function icicle(node, area, bytes, parent = null, boxes = []) {
  if (!(node[bytes] > 0)) return boxes;
  const width = area.w / (node.top.by.length - node.depth);
  const scale = area.h / node[bytes];
  let y = area.y;
  for (const item of itemsOf(node, bytes, SMALLEST_HEIGHT / scale)) {
    const box = { ...item, parent, isOpen: false, x: area.x, y, w: width, h: item.size * scale };
    boxes.push(box);
    y += box.h;
    if (box.rest > 0 || box.node.isLeaf) continue;
    icicle(box.node, { x: area.x + width, y: box.y, w: area.w - width, h: box.h }, bytes, box, boxes);
  }
  return boxes;
}

/** The innermost box at a point. */
function boxAt(boxes, x, y) {
  return boxes.findLast((box) => x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h);
}
