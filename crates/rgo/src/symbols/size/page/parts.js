// Holds the parts of the binary, and groups them. A node is a group of parts: the rows of the columns that have the
// same values for some keys. Children are made when somebody looks at them.

/** The data: JSON, compressed, in base64. */
async function readData() {
  const binary = atob(byId("data").textContent);
  byId("data").remove();
  const packed = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) packed[at] = binary.charCodeAt(at);
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(unpacked).text());
}

const page = await readData();

const fileBytes = Float64Array.from(page.part_file_bytes);
const memoryBytes = Float64Array.from(page.part_memory_bytes);
const partCount = fileBytes.length;

/** By key: the names, the index of the name of each part, and room for `split` to number the groups. */
const columns = new Map(
  page.columns.map(({ key, names, values }) => [
    key,
    { key, names, values: Int32Array.from(values), numbers: new Int32Array(names.length + 1) },
  ]),
);
page.columns = page.part_file_bytes = page.part_memory_bytes = null;

const symbols = columns.get("symbol");
const lastSeen = new Int32Array(symbols ? symbols.names.length : 0);
let seenBy = 0;

/** How many symbols these parts belong to; how many parts there are, if nothing names symbols. */
function countSymbols(rows) {
  if (!symbols) return rows.length;
  seenBy += 1;
  let count = 0;
  for (const row of rows) {
    const symbol = symbols.values[row];
    if (symbol >= 0 && lastSeen[symbol] !== seenBy) {
      lastSeen[symbol] = seenBy;
      count += 1;
    }
  }
  return count;
}

/** Groups rows by a column: `{ index, rows, file, memory }` for each value that occurs. */
function split(rows, { values, numbers }) {
  const groups = [];
  for (const row of rows) {
    const slot = values[row] + 1;
    if (numbers[slot] === 0) numbers[slot] = groups.push({ index: slot - 1, count: 0, file: 0, memory: 0 });
    const group = groups[numbers[slot] - 1];
    group.count += 1;
    group.file += fileBytes[row];
    group.memory += memoryBytes[row];
  }
  const sorted = new Int32Array(rows.length);
  let end = 0;
  for (const group of groups) {
    group.rows = sorted.subarray(end, end + group.count);
    end += group.count;
    group.count = 0;
  }
  for (const row of rows) {
    const group = groups[numbers[values[row] + 1] - 1];
    group.rows[group.count++] = row;
  }
  for (const group of groups) numbers[group.index + 1] = 0;
  return groups;
}

class Node {
  /** @param column what the node has a value of; null for the root */
  constructor(parent, column, { index, rows, file, memory }) {
    Object.assign(this, { parent, column, index, rows, file, memory });
    this.depth = parent ? parent.depth + 1 : 0;
  }

  /** The node of all these rows. */
  static root(rows, by) {
    let file = 0;
    let memory = 0;
    for (const row of rows) {
      file += fileBytes[row];
      memory += memoryBytes[row];
    }
    const root = new Node(null, null, { index: -1, rows, file, memory });
    root.by = by;
    return root;
  }

  get top() {
    return this.parent ? this.parent.top : this;
  }

  /** The name in the data; the empty text if the parts have no value. */
  get value() {
    return this.index < 0 ? "" : this.column.names[this.index];
  }

  /** The name for people. */
  get name() {
    if (!this.column) return page.title;
    return this.value || `(no ${keyWord(this.column.key)})`;
  }

  /** The values from the outermost group on. */
  get path() {
    return this.parent ? [...this.parent.path, this.value] : [];
  }

  get symbolCount() {
    return (this.countedSymbols ??= countSymbols(this.rows));
  }

  get isLeaf() {
    return this.depth === this.top.by.length;
  }

  get children() {
    if (this.isLeaf) return [];
    const column = columns.get(this.top.by[this.depth]);
    return (this.madeChildren ??= split(this.rows, column).map((group) => new Node(this, column, group)));
  }

  /** The children that have bytes, the largest first. @param bytes "file" or "memory" */
  largest(bytes) {
    this.sorted ??= {};
    return (this.sorted[bytes] ??= this.children
      .filter((child) => child[bytes] > 0)
      .sort((a, b) => b[bytes] - a[bytes] || a.index - b.index));
  }

  /** The child with this value. It has no parts if there are none in this node. */
  child(value) {
    const column = columns.get(this.top.by[this.depth]);
    const index = value === "" ? -1 : column.names.indexOf(value);
    if (index < 0 && value !== "") return null;
    const found = this.children.find((child) => child.index === index);
    return found ?? new Node(this, column, { index, rows: new Int32Array(0), file: 0, memory: 0 });
  }

  /** The values of a column in this node with their bytes, the largest first. */
  valuesOf(column, bytes) {
    return split(this.rows, column).sort((a, b) => b[bytes] - a[bytes] || a.index - b.index);
  }
}

const allRows = Int32Array.from({ length: partCount }, (_, row) => row);
const whole = Node.root(allRows, []);
