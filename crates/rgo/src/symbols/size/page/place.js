// The place of the reader is in the fragment of the page's address, and nowhere else: every view has a link, and back
// and forward work. A place has these words:
//
//   by=package,symbol   the keys to group by, from the outermost
//   at=core/fmt%2Fa     the values of the group that is open; one without a value is empty
//   q=words             the search
//   bytes=memory        bytes in memory instead of in the file
//   view=icicle         the other drawing
//   color=group         colors by group instead of by kind
//   list=symbols        all symbols instead of the groups of this level
//   sort=-name          the order of the table: name, bytes or symbols; a minus turns it around

const CHOICES = {
  bytes: ["file", "memory"],
  view: ["treemap", "icicle"],
  color: columns.has("kind") ? ["kind", "group"] : ["group"],
  list: symbols ? ["groups", "symbols"] : ["groups"],
  sort: ["bytes", "-bytes", "name", "-name", "symbols", "-symbols"],
};
const FIRST_BY = page.first_view.filter((key) => columns.has(key));
if (FIRST_BY.length === 0) FIRST_BY.push(...[...columns.keys()].slice(0, 1));

function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function encoded(text) {
  return encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%20", "+");
}

/** The place that the address has. What it does not say, or says wrongly, is as at first. */
function currentPlace() {
  const said = new Map(
    location.hash
      .slice(1)
      .split("&")
      .map((word) => [word.split("=", 1)[0], word.slice(word.indexOf("=") + 1)]),
  );
  const keys = [...new Set(decoded(said.get("by") ?? "").split(","))].filter((key) => columns.has(key));
  const place = {
    by: keys.length > 0 ? keys : FIRST_BY,
    at: said.has("at") ? said.get("at").split("/").map(decoded) : [],
    q: decoded(said.get("q") ?? ""),
  };
  for (const [name, values] of Object.entries(CHOICES)) {
    place[name] = values.includes(said.get(name)) ? said.get(name) : values[0];
  }
  return place;
}

/** The link to a place. */
function linkTo(place) {
  const words = [];
  if (place.by.join() !== FIRST_BY.join()) words.push(`by=${place.by.map(encoded).join()}`);
  if (place.at.length > 0) words.push(`at=${place.at.map(encoded).join("/")}`);
  if (place.q !== "") words.push(`q=${encoded(place.q)}`);
  for (const [name, values] of Object.entries(CHOICES)) {
    if (place[name] !== values[0]) words.push(`${name}=${place[name]}`);
  }
  return `#${words.join("&")}`;
}

/** The link to another place that differs from the current one in this. */
function linkWith(changes) {
  return linkTo({ ...currentPlace(), ...changes });
}

/** Goes to another place. Back returns from there, unless it replaces the current one. */
function go(changes, { replace = false } = {}) {
  const link = linkWith(changes);
  if (link === linkTo(currentPlace())) return;
  if (replace) history.replaceState(null, "", link);
  else history.pushState(null, "", link);
  show();
}

let shownTree = null;

/** The root of the groups at a place: of all parts that match its search. */
function treeAt({ by, q }) {
  const name = JSON.stringify([by, q]);
  if (shownTree?.name !== name) shownTree = { name, root: Node.root(matchingRows(q), by) };
  return shownTree.root;
}

/** The node at a place, as deep as the data know it. */
function nodeAt(place) {
  let node = treeAt(place);
  for (const value of place.at.slice(0, place.by.length)) {
    const child = node.child(value);
    if (!child) break;
    node = child;
  }
  return node;
}
