// Starts the page, and shows the place that its address has.

/** Shows the current place. */
function show() {
  const place = currentPlace();
  const node = nodeAt(place);
  const level = node.isLeaf && node.parent ? node.parent : node;
  const view = { place, node, level };
  showControls(view);
  showChart(view);
  showTable(view);
  Object.assign(document.body.dataset, {
    level: node.depth,
    view: place.view,
    rows: listing.entries.length,
    boxes: drawing.boxes.length,
    shownBytes: node[place.bytes],
    ready: "true",
  });
}

/** Makes the page ready for paper, which is light and has room for some rows, or for the screen again. */
function setPrinted(isPrinted) {
  document.documentElement.classList.toggle("printed", isPrinted);
  draw();
  showLegend(drawing.view);
  if (isPrinted) showRows(0, PRINTED);
  else showRows();
}

startControls();
startChart();
startTable();
addEventListener("hashchange", show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
addEventListener("beforeprint", () => setPrinted(true));
addEventListener("afterprint", () => setPrinted(false));
show();
requestAnimationFrame(() =>
  setTimeout(() => {
    document.body.dataset.paintedMs = Math.round(performance.now());
  }),
);
