// Draws the open level on a canvas, as a treemap or an icicle, and lets pointer and keyboard walk through its boxes.

const canvas = byId("canvas");
const context = canvas.getContext("2d");
const LINE = 15;

let drawing = { view: null, boxes: [], marked: null };

/** Draws the texts of a box: name and size in the head of an open box, else as many lines as fit. */
function drawTexts(box, palette) {
  const [width, size] = [box.w - 10, sizeText(box.size)];
  if (width < 24 || box.h < 13) return;
  context.fillStyle = palette.text;
  const write = (text, x, line) => context.fillText(text, box.x + x, box.y + Math.min(13, (box.h + 8) / 2) + line * LINE);
  if (box.isOpen) {
    const sizeWidth = textWidth(size);
    const room = width > sizeWidth + 60 ? width - sizeWidth - 10 : width;
    if (room < width) write(size, box.w - 5 - sizeWidth, 0);
    useFont(BOLD);
    labelOf(box, room, 1).forEach((line) => write(line, 5, 0));
    useFont(PLAIN);
    return;
  }
  const room = Math.max(1, Math.floor((box.h - 3) / LINE));
  const lines = labelOf(box, width, Math.max(1, Math.min(room - 1, 6)));
  lines.forEach((line, index) => write(line, 5, index));
  if (lines.length > 0 && lines.length < room && textWidth(size) <= width) {
    context.globalAlpha = 0.75;
    write(size, 5, lines.length);
    context.globalAlpha = 1;
  }
}

/** Says that there are many: boxes that are too small to be drawn. */
function drawGrid(x, y, w, h, palette) {
  context.fillStyle = palette.gap;
  context.globalAlpha = 0.35;
  for (let along = 5; along < w; along += 5) context.fillRect(x + along, y, 0.5, h);
  for (let along = 5; along < h; along += 5) context.fillRect(x, y + along, w, 0.5);
  context.globalAlpha = 1;
}

function drawBox(box, isChosen, hue, palette) {
  const gap = box.w > 3 && box.h > 3 ? 1 : 0.25;
  const [x, y, w, h] = [box.x, box.y, Math.max(box.w - gap, 0.5), Math.max(box.h - gap, 0.5)];
  context.fillStyle = box.isOpen ? palette.open(hue) : palette.box(hue);
  context.fillRect(x, y, w, h);
  if (box.rest > 0) drawGrid(x, y, w, h, palette);
  if (!isChosen) return;
  context.strokeStyle = palette.chosen;
  context.lineWidth = 3;
  context.strokeRect(x + 1.5, y + 1.5, Math.max(w - 3, 1), Math.max(h - 3, 1));
}

function pixelSize() {
  return [canvas.clientWidth, canvas.clientHeight].map((length) => Math.round(length * devicePixelRatio));
}

/** Draws everything, in the size that the canvas has now. */
function draw() {
  const { view } = drawing;
  if (!view) return;
  const { level, node, place } = view;
  [canvas.width, canvas.height] = pixelSize();
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  useFont(PLAIN);
  const palette = paletteOf(canvas);
  const arrange = place.view === "icicle" ? icicle : treemap;
  drawing.boxes = arrange(level, { x: 0, y: 0, w: canvas.clientWidth, h: canvas.clientHeight }, place.bytes);
  const hueOf = hueFinder(level, place);
  for (const box of drawing.boxes) {
    drawBox(box, node.isLeaf && box.node === node, hueOf(box), palette);
    drawTexts(box, palette);
  }
  mark(null);
}

/** Frames a box and tells about it. @param point where the pointer is; nothing if the keyboard moved */
function mark(box, point = null) {
  drawing.marked = box;
  const [frame, tip] = [byId("mark"), byId("tip")];
  frame.hidden = tip.hidden = !box;
  if (!box) return;
  Object.assign(frame.style, { left: `${box.x}px`, top: `${box.y}px`, width: `${box.w}px`, height: `${box.h}px` });
  tip.replaceChildren(...tipOf(box));
  const bounds = canvas.getBoundingClientRect();
  const at = point ?? { x: bounds.x + box.x + 8, y: bounds.y + box.y + Math.min(box.h, 40) };
  const [right, bottom] = [innerWidth - tip.offsetWidth - 8, innerHeight - tip.offsetHeight - 8];
  const above = at.y - tip.offsetHeight - 12;
  tip.style.left = `${Math.max(8, Math.min(at.x + 12, right))}px`;
  tip.style.top = `${Math.max(8, at.y + 16 > bottom ? above : at.y + 16)}px`;
  if (!point) byId("spoken").textContent = [...tip.children].map((line) => line.textContent).join(". ");
}

/** The lines that tell about a box. */
function tipOf({ node, rest, size }) {
  const { bytes } = drawing.view.place;
  const other = bytes === "file" ? "memory" : "file";
  const around = [];
  for (let it = node.parent; it?.parent; it = it.parent) around.unshift(it.name);
  const share = `${shareText(size, whole[bytes])} of the whole ${bytes === "file" ? "file" : "memory image"}`;
  const lines = [
    element("strong", {}, rest > 0 ? `${countText(rest)} smaller of ${node.name}` : node.name),
    element("span", {}, `${sizeText(size)} ${BYTES_WORDS[bytes]}, ${share}`),
  ];
  if (rest > 0) return lines;
  if (around.length > 0) lines.splice(1, 0, element("span", { className: "around" }, around.join(" › ")));
  lines.push(element("span", {}, `${sizeText(node[other])} ${BYTES_WORDS[other]}`));
  if (!node.isLeaf) lines.push(element("span", {}, plural(node.symbolCount, symbols ? "symbol" : "part")));
  return lines;
}

function openBox(box) {
  if (box) go({ at: box.node.path });
}

function goUp() {
  go({ at: currentPlace().at.slice(0, -1) });
}

/** The box that a key leads to: left and right among the boxes of a group, down into a box, up to the one around it. */
function boxBy(key, box) {
  const siblings = drawing.boxes.filter((other) => other.parent === (box?.parent ?? null));
  if (!box) return siblings[0];
  const index = siblings.indexOf(box);
  const inner = () => drawing.boxes.find((other) => other.parent === box);
  const steps = {
    ArrowRight: () => siblings[index + 1],
    ArrowLeft: () => siblings[index - 1],
    ArrowDown: () => inner() ?? siblings[index + 1],
    ArrowUp: () => box.parent,
    Home: () => siblings[0],
    End: () => siblings.at(-1),
  };
  return steps[key]() ?? box;
}

function startChart() {
  const pointed = ({ offsetX, offsetY }) => boxAt(drawing.boxes, offsetX, offsetY);
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") mark(pointed(event) ?? null, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener("pointerleave", () => mark(null));
  canvas.addEventListener("blur", () => mark(null));
  canvas.addEventListener("click", (event) => openBox(pointed(event)));
  canvas.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") openBox(drawing.marked);
    else if (event.key === "Backspace") goUp();
    else if (event.key === "Escape") mark(null);
    else if (/^(Arrow|Home|End)/.test(event.key)) mark(boxBy(event.key, drawing.marked) ?? null);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(() => {
    const drawn = [canvas.width, canvas.height].join();
    if (drawn !== pixelSize().join()) draw();
  }).observe(canvas);
}

function showChart(view) {
  drawing.view = view;
  const { level, place } = view;
  canvas.setAttribute("aria-roledescription", place.view);
  canvas.setAttribute("aria-label", `${capitalized(place.view)} of ${level.name}`);
  byId("empty").hidden = level[place.bytes] > 0;
  draw();
}
