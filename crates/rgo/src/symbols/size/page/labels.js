// Fits names into boxes. A name that is too long loses its path first: `ParseObject` is better than `v8::internal::J…`.

const PLAIN = "12px system-ui, sans-serif";
const BOLD = `600 ${PLAIN}`;
const characterWidths = new Map([PLAIN, BOLD].map((font) => [font, new Map()]));

let font = PLAIN;

function useFont(used) {
  font = used;
  context.font = used;
}

/** The width of a character in the current font. To measure each text would take most of the time of a drawing. */
function characterWidth(character) {
  const widths = characterWidths.get(font);
  if (!widths.has(character)) widths.set(character, context.measureText(character).width);
  return widths.get(character);
}

function textWidth(text) {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** How much of a text fits into a width. */
function fittingLength(text, width) {
  let [length, used] = [0, 0];
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    length += character.length;
  }
  return length;
}

/** The length of a line that ends where a name has a seam, if it has one not too far in front. */
function lengthToSeam(text, length) {
  for (let end = length; end > length / 3; end--) {
    if (/^(:[^:]|[\s/<>,_$-].|[a-z][A-Z])/.test(text.slice(end - 1, end + 1))) return end;
  }
  return length;
}

/** A text in lines of a width. The last one ends with … if it is cut. Nothing if almost nothing fits. */
function linesOf(text, width, count) {
  const lines = [];
  let rest = text;
  while (rest) {
    const length = fittingLength(rest, width);
    if (length === rest.length) return [...lines, rest];
    if (lines.length === count - 1) {
      const cut = fittingLength(rest, width - characterWidth("…"));
      return cut < 2 ? lines : [...lines, `${rest.slice(0, cut)}…`];
    }
    if (length < 3) return lines.length === 0 ? [] : [...lines.slice(0, -1), `${lines.at(-1)}…`];
    const end = lengthToSeam(rest, length);
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return lines;
}

/** Where the parts of a path begin: `a`, `B<c::d>`, `e::{closure#0}`. What is in brackets is not taken apart. */
function pathStarts(name) {
  const starts = [0];
  let depth = 0;
  for (let at = 0; at < name.length; at++) {
    if ("<([{".includes(name[at])) depth += 1;
    else if (">)]}".includes(name[at])) depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (name[at] === "/") starts.push(at + 1);
    else if (name.startsWith("::", at) && !"{<".includes(name[at + 2])) starts.push(at + 2);
  }
  return starts;
}

/** The name without what the group around it says already: `fmt::write` in `core`. */
function shortName({ parent, name }) {
  const prefix = parent?.value;
  const separator = ["::", "/", "."].find((mark) => prefix && name.startsWith(prefix + mark));
  return separator ? name.slice(prefix.length + separator.length) : name;
}

/** What a box says, in lines: as much of its name as fits. */
function labelOf(box, width, count) {
  const isCut = (lines) => lines.length === 0 || lines.at(-1).endsWith("…");
  if (box.rest > 0) {
    const text = `${countText(box.rest)} smaller`;
    const lines = linesOf(text, width, count);
    return lines.join(" ") === text ? lines : []; // half of a number is wrong
  }
  const name = shortName(box.node).slice(0, 1000);
  const lines = linesOf(name, width, count);
  if (!isCut(lines)) return lines;
  const [lastButOne = 0, last = 0] = pathStarts(name).slice(-2);
  const lastTwo = linesOf(name.slice(lastButOne), width, count);
  return isCut(lastTwo) ? linesOf(name.slice(last), width, count) : lastTwo;
}
