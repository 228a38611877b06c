// Says sizes, shares and counts as text, and makes elements of text. No other text becomes part of the page, and
// none of it is ever read as markup.

const KEY_WORDS = { file: "source file", bucket: "group" };
const BYTES_WORDS = { file: "in the file", memory: "in memory" };

/** What people call a key of the data. */
function keyWord(key) {
  return KEY_WORDS[key] ?? key;
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A number of bytes for people: "12.3 MiB". */
function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

function shareText(bytes, whole) {
  if (whole === 0) return "–";
  const percent = (100 * bytes) / whole;
  if (percent > 0 && percent < 0.01) return "< 0.01 %";
  return `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}

function countText(count) {
  return count.toLocaleString("en-US");
}

function plural(count, noun) {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** The elements of the page that have an id. */
function byId(id) {
  return document.getElementById(id);
}

/** An element with properties and children, which are elements and texts. */
function element(tag, properties = {}, ...children) {
  const { data = {}, aria = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(name === "role" ? name : `aria-${name}`, value);
  made.append(...children);
  return made;
}
