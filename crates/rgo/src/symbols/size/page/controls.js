// Shows where the reader is, and offers the other places: what to group by, which bytes, which drawing, what to search.

const NESTINGS = [
  ["package", "symbol"],
  ["package", "file", "symbol"],
  ["file", "symbol"],
  ["unit", "symbol"],
  ["section", "symbol"],
  ["segment", "section", "symbol"],
  ["kind", "package", "symbol"],
  ["bucket", "symbol"],
  ["symbol"],
];

/** The nestings on offer: those whose keys the data have, and the first one of the page. */
function nestings() {
  const known = NESTINGS.filter((keys) => keys.every((key) => columns.has(key)));
  return known.some((keys) => keys.join() === FIRST_BY.join()) ? known : [FIRST_BY, ...known];
}

/** Groups by other keys. What is open stays open as far as the keys are the same. */
function groupBy(by) {
  const place = currentPlace();
  const same = place.by.findIndex((key, index) => key !== by[index]);
  go({ by, at: place.at.slice(0, same < 0 ? by.length : same) });
}

function option(value, text, isSelected) {
  return element("option", { value, selected: isSelected }, text);
}

let isCustom = false;

/** The selection of a nesting, and with one select for each level the nesting that is not on offer. */
function showNesting({ by }) {
  const offered = nestings();
  const isOffered = offered.some((keys) => keys.join() === by.join());
  const custom = isCustom || !isOffered;
  const options = offered.map((keys) =>
    option(keys.join(), keys.map(keyWord).join(" → "), !custom && keys.join() === by.join()),
  );
  for (const made of options) made.textContent = capitalized(made.textContent);
  byId("by").replaceChildren(...options, option("", "Custom …", custom));
  byId("levels").hidden = !custom;
  if (!custom) return;
  const selects = [...by, ""].slice(0, columns.size).map((chosen, level) => {
    const free = [...columns.keys()].filter((key) => key === chosen || !by.includes(key));
    const options = free.map((key) => option(key, capitalized(keyWord(key)), key === chosen));
    if (level > 0) options.unshift(option("", "–", chosen === ""));
    return element("select", { aria: { label: `Level ${level + 1}` } }, ...options);
  });
  byId("levels").replaceChildren(...selects);
}

function crumb(name, at, isLast) {
  const link = element("a", { href: linkWith({ at }), title: name }, name);
  if (isLast) link.setAttribute("aria-current", "location");
  return element("li", {}, link);
}

function showCrumbs(node) {
  const nodes = [];
  for (let it = node; it; it = it.parent) nodes.unshift(it);
  byId("crumbs").replaceChildren(...nodes.map((it) => crumb(it.name, it.path, it === node)));
}

/** What the page knows about a group: its sizes, and about one that has no groups also its other properties. */
function showDetails({ node, place }) {
  const { bytes } = place;
  const other = bytes === "file" ? "memory" : "file";
  const counted = plural(node.symbolCount, symbols ? "symbol" : "part");
  byId("summary").replaceChildren(
    element("strong", {}, sizeText(node[bytes])),
    ` ${BYTES_WORDS[bytes]} (${shareText(node[bytes], whole[bytes])}) · `,
    `${sizeText(node[other])} ${BYTES_WORDS[other]} · ${counted}`,
  );
  const facts = node.isLeaf && node.rows.length > 0 ? otherProperties(node, place) : [];
  byId("facts").hidden = facts.length === 0;
  byId("facts").replaceChildren(
    ...facts.map(([key, text]) => element("div", {}, element("dt", {}, capitalized(key)), element("dd", {}, text))),
  );
}

function otherProperties(node, { by, bytes }) {
  const facts = [[keyWord(node.column.key), node.name]];
  for (const column of columns.values()) {
    if (by.includes(column.key)) continue;
    const values = node.valuesOf(column, bytes).filter(({ index }) => index >= 0);
    if (values.length === 0) continue;
    const shown = values.slice(0, 3).map((value) => {
      const name = column.names[value.index];
      return values.length > 1 ? `${name} (${sizeText(value[bytes])})` : name;
    });
    if (values.length > 3) shown.push(`${countText(values.length - 3)} more`);
    facts.push([keyWord(column.key), shown.join(", ")]);
  }
  return facts;
}

function showLegend({ level, place }) {
  const palette = paletteOf(canvas);
  byId("legend").replaceChildren(
    ...legendOf(level, place).map(({ hue, name, size, place: changes }) => {
      const swatch = element("span", { className: "swatch" });
      swatch.style.background = palette.box(hue);
      const link = element("a", { href: linkWith(changes), title: name }, swatch, element("span", {}, name));
      return element("li", {}, link, element("span", { className: "size" }, sizeText(size)));
    }),
  );
}

function showControls(view) {
  const { node, place } = view;
  showNesting(place);
  for (const name of ["bytes", "view", "color", "list"]) {
    const chosen = document.querySelector(`input[name="${name}"][value="${place[name]}"]`);
    if (chosen) chosen.checked = true;
  }
  const search = byId("q");
  if (search.value.trim() !== place.q) search.value = place.q;
  const found = treeAt(place).rows.length;
  byId("found").textContent = place.q === "" ? "" : `${countText(found)} of ${plural(partCount, "part")} match`;
  showCrumbs(node);
  showDetails(view);
  showLegend(view);
}

/** Searches while somebody types. All that is typed at once is one step back. */
function startSearch() {
  const search = byId("q");
  let timer = 0;
  let isTyping = false;
  const searchNow = () => {
    clearTimeout(timer);
    go({ q: search.value.trim() }, { replace: isTyping });
    isTyping = true;
  };
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(searchNow, 150);
  });
  search.addEventListener("change", searchNow);
  search.addEventListener("blur", () => {
    isTyping = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || /input|select/.test(event.target.localName)) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

function startControls() {
  byId("title").textContent = document.title = page.title;
  byId("format").textContent = page.format;
  byId("totals").textContent = `${sizeText(page.file_bytes)} in the file, ${sizeText(page.memory_bytes)} in memory`;
  byId("tool").textContent = page.tool;
  byId("colors").hidden = CHOICES.color.length < 2;
  byId("lists").hidden = CHOICES.list.length < 2;
  byId("by").addEventListener("change", ({ target }) => {
    isCustom = target.value === "";
    if (isCustom) show();
    else groupBy(target.value.split(","));
  });
  byId("levels").addEventListener("change", () => {
    const keys = [...byId("levels").children].map((select) => select.value);
    const end = keys.indexOf("");
    groupBy(end < 0 ? keys : keys.slice(0, end));
  });
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("change", ({ target }) => {
    if (target.type === "radio") go({ [target.name]: target.value });
  });
  startSearch();
}
