// Lists the groups of the open level, or all its symbols. Only the rows in sight are elements of the page, because
// there may be hundreds of thousands.

const list = byId("rows");
const AHEAD = 8;
const PRINTED = 100;

let listing = { entries: [], place: null, name: "", elements: new Map() };

/** What the table lists: `{ name, size, count, isChosen, link }`, where `link` makes the link of a row in sight. */
function entriesOf({ level, node, place }) {
  const { bytes } = place;
  if (place.list === "symbols") {
    return split(level.rows, symbols)
      .filter((group) => group.index >= 0)
      .map((group) => ({
        name: symbols.names[group.index],
        size: group[bytes],
        count: 1,
        isChosen: false,
        link: () => linkTo({ ...place, list: "groups", at: pathOf(group.rows, place) }),
      }));
  }
  return level.children.map((child) => ({
    name: child.name,
    size: child[bytes],
    count: child.symbolCount,
    isChosen: child === node,
    link: () => linkTo({ ...place, at: child.path }),
  }));
}

/** Where the largest of these parts is. */
function pathOf(rows, { by, bytes }) {
  const sizes = bytes === "file" ? fileBytes : memoryBytes;
  const largest = rows.reduce((best, row) => (sizes[row] > sizes[best] ? row : best));
  return by.map((key) => {
    const { names, values } = columns.get(key);
    return names[values[largest]] ?? "";
  });
}

function sortEntries(entries, sort) {
  const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const orders = {
    bytes: (a, b) => b.size - a.size || byName(a, b),
    symbols: (a, b) => b.count - a.count || b.size - a.size,
    name: byName,
  };
  entries.sort(orders[sort.replace("-", "")]);
  return sort.startsWith("-") ? entries.reverse() : entries;
}

function rowHeight() {
  return parseFloat(getComputedStyle(list).getPropertyValue("--row"));
}

function rowElement(index) {
  const { entries, largest, place } = listing;
  const { name, size, count, isChosen, link } = entries[index];
  const bar = element("span", { className: "bar" });
  bar.style.width = `${largest > 0 ? (100 * size) / largest : 0}%`;
  const cell = (className, ...children) => element("span", { className, aria: { role: "cell" } }, ...children);
  const anchor = element("a", { href: link(), title: name, draggable: false }, name);
  if (isChosen) anchor.setAttribute("aria-current", "true");
  const row = element(
    "div",
    { className: isChosen ? "row chosen" : "row", aria: { role: "row", rowindex: index + 2 }, data: { index } },
    cell("name", anchor),
    cell("size", sizeText(size)),
    cell("share", bar, element("span", {}, shareText(size, whole[place.bytes]))),
    cell("count", countText(count)),
  );
  row.children[1].title = `${countText(size)} bytes`;
  return row;
}

/** Makes the rows in sight, and drops the others. A row that stays keeps its element, and so the focus. */
function showRows(from = null, to = null) {
  const { entries, elements } = listing;
  const height = rowHeight();
  const first = from ?? Math.max(0, Math.floor(list.scrollTop / height) - AHEAD);
  const last = Math.min(entries.length, to ?? Math.ceil((list.scrollTop + list.clientHeight) / height) + AHEAD);
  byId("all-rows").style.height = `${entries.length * height}px`;
  for (const [index, row] of elements) {
    if (index >= first && index < last) continue;
    row.remove();
    elements.delete(index);
  }
  for (let index = first; index < last; index++) {
    if (!elements.has(index)) elements.set(index, rowElement(index));
    const row = elements.get(index);
    row.style.top = `${index * height}px`;
    if (!row.isConnected) byId("all-rows").insertBefore(row, elements.get(index + 1)?.isConnected ? elements.get(index + 1) : null);
  }
}

function showHeads({ level, place: { by, sort, list: listed } }) {
  const column = sort.replace("-", "");
  for (const head of document.querySelectorAll("[data-sort]")) {
    const isSorted = head.dataset.sort === column;
    const isAscending = (column === "name") !== sort.startsWith("-");
    head.setAttribute("aria-sort", isSorted ? (isAscending ? "ascending" : "descending") : "none");
  }
  byId("count-head").textContent = symbols ? "Symbols" : "Parts";
  const areSymbols = listed === "symbols" || by[level.depth] === "symbol";
  byId("table").classList.toggle("of-symbols", areSymbols);
}

/** Moves the focus to the row with this index. */
function focusRow(index) {
  if (index < 0 || index >= listing.entries.length) return;
  const height = rowHeight();
  if (index * height < list.scrollTop) list.scrollTop = index * height;
  else if ((index + 1) * height > list.scrollTop + list.clientHeight) list.scrollTop = (index + 1) * height - list.clientHeight;
  showRows();
  listing.elements.get(index)?.querySelector("a").focus();
}

function showTable(view) {
  const { level, place } = view;
  const hadFocus = list.contains(document.activeElement) && document.activeElement !== list;
  const name = JSON.stringify([place.by, level.path, place.q, place.list, place.sort]);
  const isOther = name !== listing.name;
  listing.elements.forEach((row) => row.remove());
  const entries = sortEntries(entriesOf(view), place.sort);
  const largest = entries.reduce((most, { size }) => Math.max(most, size), 0);
  listing = { entries, place, name, largest, elements: new Map() };
  showHeads(view);
  byId("table").setAttribute("aria-rowcount", entries.length + 1);
  if (isOther) list.scrollTop = 0;
  showRows();
  const chosen = entries.findIndex((entry) => entry.isChosen);
  if (chosen >= 0 && !listing.elements.has(chosen)) {
    list.scrollTop = chosen * rowHeight() - list.clientHeight / 2;
    showRows();
  }
  if (hadFocus) focusRow(Math.max(chosen, 0));
}

function startTable() {
  list.addEventListener("scroll", () => requestAnimationFrame(() => showRows()), { passive: true });
  list.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row && event.target.localName !== "a" && getSelection().isCollapsed) row.querySelector("a").click();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest?.(".row");
    if (event.key === "Backspace") goUp();
    else if (step && row) focusRow(Number(row.dataset.index) + step);
    else return;
    event.preventDefault();
  });
  for (const head of document.querySelectorAll("[data-sort]")) {
    head.querySelector("button").addEventListener("click", () => {
      const { sort } = currentPlace();
      go({ sort: sort === head.dataset.sort ? `-${sort}` : head.dataset.sort }, { replace: true });
    });
  }
  new ResizeObserver(() => showRows()).observe(list);
}
