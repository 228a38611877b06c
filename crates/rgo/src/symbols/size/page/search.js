// Finds the parts that match what somebody searches: each word occurs in a name of the part. Quotation marks keep words
// together. `key:word` looks into one column, and `key:"name"` wants exactly this name.

/** Takes a search apart: `{ key, text, isExact }` for each word, in lower case; `key` is null for all columns. */
function searchWords(search) {
  const words = [];
  for (const [token, key, quoted, plain] of search.matchAll(/(?:(\w+):(?!:))?(?:"([^"]*)"?|(\S+))/g)) {
    const isKey = key !== undefined && columns.has(key);
    const text = isKey || key === undefined ? (quoted ?? plain) : token;
    const isExact = isKey && quoted !== undefined;
    if (text) words.push({ key: isKey ? key : null, text: text.toLowerCase(), isExact });
  }
  return words;
}

/** A search that also wants this name in a column, instead of another one; without it, if it wants this already. */
function withName(search, key, name) {
  const word = `${key}:"${name.replaceAll('"', "")}"`;
  const others = search.replace(new RegExp(`\\b${key}:"[^"]*"?`, "g"), "").trim();
  return search.includes(word) ? others : `${others} ${word}`.trim();
}

const lowerNames = new Map();

/** For each name of a column (from index 1 on; 0 is no name) whether it contains the text, or is the text. */
function namesWith(column, { text, isExact }) {
  if (!lowerNames.has(column)) lowerNames.set(column, column.names.map((name) => name.toLowerCase()));
  const found = new Uint8Array(column.names.length + 1);
  lowerNames.get(column).forEach((name, index) => {
    if (isExact ? name === text : name.includes(text)) found[index + 1] = 1;
  });
  return found;
}

/** The rows that match a search. */
function matchingRows(search) {
  let rows = allRows;
  for (const word of searchWords(search)) {
    const searched = [...columns.values()].filter(({ key }) => word.key === null || word.key === key);
    const found = searched.map((column) => [column.values, namesWith(column, word)]);
    rows = rows.filter((row) => found.some(([values, names]) => names[values[row] + 1] === 1));
  }
  return rows;
}
