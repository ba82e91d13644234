// Labels stand beside their bar. When the drawing is stretched the bar may leave the picture: then its label moves to where there is room,
// by the rule of RowDrawing.cs. Only rows in sight are looked at, others when they come into sight.
let from = 0;
let to = 0;
let seen = new WeakSet();
let watcher = null;

const percent = element => Number.parseFloat(element);

function placeRow(row, zoom, pan, width) {
  const drawing = row.querySelector(".t > svg");
  const label = drawing?.querySelector("svg.lb");
  if (!label) return;
  const bars = drawing.querySelectorAll("rect");
  let start = Infinity;
  let end = -Infinity;
  for (const bar of bars) {
    const x = percent(bar.getAttribute("x"));
    start = Math.min(start, x);
    end = Math.max(end, x + percent(bar.getAttribute("width")));
  }
  if (bars.length === 0) {
    label.dataset.x ??= label.getAttribute("x");
    start = end = percent(label.dataset.x);
  }
  const shownStart = (start * zoom) - pan;
  const shownEnd = (end * zoom) - pan;
  const length = ((label.textContent.length * 6.3) + 14) / width * 100;
  let place = "lb";
  let x = shownEnd;
  const text = label.querySelector("text");
  text.dataset.plain ??= text.textContent.replace(/^‹ | ›$/, "");
  let shown = text.dataset.plain;
  if (shownEnd < 0) [place, x, shown] = ["lb o", 0, `‹ ${shown}`];
  else if (shownStart > 100) [place, x, shown] = ["lb p", 100, `${shown} ›`];
  else if (shownEnd + length > 100 && shownStart <= 100) {
    place = shownStart >= length ? "lb l" : "lb i";
    x = shownStart >= length ? shownStart : Math.min(100, Math.max(length, shownEnd));
  }
  if (text.textContent !== shown) text.textContent = shown;
  label.setAttribute("class", place);
  label.setAttribute("x", `${((x + pan) / zoom).toFixed(4)}%`);
}

function placeBody(body) {
  if (seen.has(body)) return;
  seen.add(body);
  const box = body.closest(".wf-box");
  const drawnFrom = Number(box.dataset.from);
  const zoom = (Number(box.dataset.to) - drawnFrom) / (to - from);
  const pan = (from - drawnFrom) / (to - from) * 100;
  const width = box.querySelector("thead .t").clientWidth;
  for (const row of body.rows) placeRow(row, zoom, pan, width);
}

export function placeLabels(newFrom, newTo) {
  from = newFrom;
  to = newTo;
  seen = new WeakSet();
  watcher?.disconnect();

  // On a narrow screen labels stand under their bars, all at one place.
  if (matchMedia("(max-width: 720px)").matches) return;
  watcher = new IntersectionObserver(entries => {
    for (const entry of entries) if (entry.isIntersecting) placeBody(entry.target);
  }, { rootMargin: "600px" });
  for (const body of document.querySelectorAll(".wf tbody.rows")) watcher.observe(body);
}
