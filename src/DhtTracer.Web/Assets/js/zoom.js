// The time that the waterfall draws. The server draws the rows for one window (data-from, data-to). To show another window, one style rule
// stretches and moves the drawings of all rows, so that 10,000 rows need no new markup. (Custom properties of the box would also work, but
// every element below inherits them and would be styled anew in each frame.) When the movement has stopped, the server draws the axis for
// the new window, and the labels in sight are placed again.
import { handlerUrl, setState } from "./page-state.js";
import { placeLabels } from "./labels.js";
import { isTaken, singleKeysOn } from "./shortcuts.js";
import { tableOf } from "./rows.js";

const rest = 110;
let from = 0;
let to = 0;
let all = true; // all time is drawn, also when more of it comes
let timer = 0;
let request = null;

const boxOf = () => document.querySelector(".wf-box[data-whole]");
const whole = () => Number(boxOf().dataset.whole);
const isWhole = () => from === 0 && to === whole();

// Seconds with as many digits as a thousandth of the stretch needs: short addresses, and the server reads the same number.
function seconds(ns) {
  return `${Number((ns / 1e9).toFixed(9))}s`;
}

function text() {
  return isWhole() ? null : `${seconds(from)}-${seconds(to)}`;
}

function stretchOf(element) {
  const drawnFrom = Number(element.dataset.from);
  const drawnTo = Number(element.dataset.to);
  return [(drawnTo - drawnFrom) / (to - from), (from - drawnFrom) / (to - from)];
}

let rule = null;

function stretchRows(box) {
  if (!rule) {
    rule = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, rule];
  }
  const [zoom, pan] = stretchOf(box);
  rule.replaceSync(zoom === 1 && pan === 0 ? "" : `.wf tbody .t > svg { width: ${zoom * 100}%; margin-left: ${-pan * 100}%; }`);
}

function draw() {
  const box = boxOf();
  stretchRows(box);
  for (const element of box.querySelectorAll(".axis, .gridlines")) {
    const [zoom, pan] = stretchOf(element);
    element.style.setProperty("--zoom", String(zoom));
    element.style.setProperty("--pan", String(pan));
  }
  box.classList.toggle("zoomed", !isWhole());
}

export function show(newFrom, newTo) {
  const box = boxOf();
  const least = Math.max(
    1,
    whole() / Number(box.dataset.zoom),
    (Number(box.dataset.to) - Number(box.dataset.from)) / Number(box.dataset.zoom),
  );
  const length = Math.min(whole(), Math.max(least, newTo - newFrom));
  const middle = (newFrom + newTo) / 2;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(length)) - 3);
  const start = Math.min(whole() - length, Math.max(0, newTo - newFrom < least ? middle - (length / 2) : newFrom));
  from = Math.max(0, Math.round(start / step) * step);
  to = Math.min(whole(), Math.round((start + length) / step) * step);
  if (to <= from) to = from + 1;
  if (length === whole()) [from, to] = [0, whole()]; // not rounded: all of it is all of it
  all = isWhole();
  draw();
  setState({ t: text() });
  clearTimeout(timer);
  timer = setTimeout(settle, rest);
}

async function settle() {
  placeLabels(from, to);
  request?.abort();
  request = new AbortController();
  const t = text();
  try {
    const response = await fetch(handlerUrl("axis", { t: t ?? "" }), { signal: request.signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (t !== text()) return;
    const box = boxOf();
    for (const name of [".axis", ".gridlines"]) box.querySelector(name).replaceWith(document.adoptNode(page.querySelector(name)));
    draw();
    document.querySelector("#status").textContent = isWhole() ? "All time is drawn" : `Drawn from ${seconds(from)} to ${seconds(to)}`;
  } catch (error) {
    // The old ticks stay, stretched: they still stand at their times.
    if (error.name !== "AbortError") document.querySelector("#status").textContent = `The axis did not load: ${error.message}`;
  }
}

function scale(factor, about = 0.5) {
  const at = from + ((to - from) * about);
  show(at - ((at - from) * factor), at + ((to - at) * factor));
}

function pan(share) {
  const by = Math.min(whole() - to, Math.max(-from, (to - from) * share));
  show(from + by, to + by);
}

const commands = {
  in: () => scale(0.5), out: () => scale(2), fit: () => show(0, whole()), left: () => pan(-0.5), right: () => pan(0.5),
};

function onKey(event) {
  if (!boxOf() || isTaken(event)) return;
  const letter = singleKeysOn() ? event.key : null;
  const command = letter === "+" || letter === "=" ? "in" : letter === "-" ? "out" : letter === "0" ? "fit"
    : event.shiftKey && event.key === "ArrowLeft" ? "left" : event.shiftKey && event.key === "ArrowRight" ? "right" : null;
  if (!command) return;
  event.preventDefault();
  commands[command]();
}

// Where in the drawing a pointer is: 0 at its left edge, 1 at its right one.
function share(event) {
  const axis = tableOf().querySelector("thead .t").getBoundingClientRect();
  return (event.clientX - axis.left) / axis.width;
}

function onWheel(event) {
  if (!event.target.closest?.(".wf") || !(event.ctrlKey || event.shiftKey)) return;
  event.preventDefault();
  const by = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
  if (event.ctrlKey) scale(Math.exp(Math.max(-200, Math.min(200, by)) * 0.0025), Math.max(0, Math.min(1, share(event))));
  else pan(by * 0.0008);
}

// A listener that may cancel the wheel makes the browser wait before it scrolls. So it is registered only while a key is held, and on the
// axis.
function onModifier(event) {
  const held = event.ctrlKey || event.shiftKey;
  document.removeEventListener("wheel", onWheel);
  if (held && tableOf()) document.addEventListener("wheel", onWheel, { passive: false });
}

let drag = null;

function onDown(event) {
  if (event.button !== 0 || event.pointerType === "touch" && !event.target.closest(".wf thead .t")) return;
  const cell = event.target.closest?.(".wf .t");
  if (!cell || !boxOf() || event.target.closest("a")) return;
  const selects = cell.closest("thead") !== null;
  if (!selects && isWhole()) return;
  drag = { selects, at: share(event), x: event.clientX, from, to, cell, moved: false, pointer: event.pointerId };
}

function onMove(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  if (!drag.moved && Math.abs(event.clientX - drag.x) < 4) return;
  if (!drag.moved) {
    drag.moved = true;
    drag.cell.setPointerCapture(drag.pointer);
    boxOf().classList.add("dragging");
  }
  event.preventDefault();
  if (drag.selects) {
    const [a, b] = [drag.at, share(event)].sort((x, y) => x - y).map(x => Math.max(0, Math.min(1, x)));
    let mark = boxOf().querySelector(".range");
    if (!mark) {
      mark = document.createElement("div");
      mark.className = "range";
      drag.cell.append(mark);
    }
    mark.style.left = `${a * 100}%`;
    mark.style.width = `${(b - a) * 100}%`;
    drag.range = [a, b];
  } else {
    const by = (drag.at - share(event)) * (drag.to - drag.from);
    const bounded = Math.min(whole() - drag.to, Math.max(-drag.from, by));
    show(drag.from + bounded, drag.to + bounded);
  }
}

function onUp() {
  if (!drag) return;
  const done = drag;
  drag = null;
  boxOf()?.classList.remove("dragging");
  boxOf()?.querySelector(".range")?.remove();
  if (!done.moved) return;

  // The click that ends a drag is not meant for the row.
  const swallow = event => { event.stopPropagation(); event.preventDefault(); };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  if (done.range && done.range[1] - done.range[0] > 0.004) {
    const length = done.to - done.from;
    show(done.from + (done.range[0] * length), done.from + (done.range[1] * length));
  }
}

function start() {
  const box = boxOf();
  if (!box) return;
  from = Number(box.dataset.from);
  to = Number(box.dataset.to);
  all = isWhole();
}

// Listens also on a page that has no waterfall yet: one that waits for its query becomes one without being loaded again.
export function startZoom() {
  start();
  document.addEventListener("keydown", onKey);
  for (const type of ["keydown", "keyup"]) document.addEventListener(type, onModifier);
  document.addEventListener("pointerover", event => {
    const axis = event.target.closest?.(".wf thead .t");
    if (axis && boxOf()) axis.onwheel = onWheel;
  });
  document.addEventListener("click", event => {
    const link = event.target.closest("[data-zoom]");
    if (!link || !boxOf() || link === boxOf() || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const command = commands[link.dataset.zoom];
    if (!command) return;
    event.preventDefault();
    command();
  });
  document.addEventListener("dblclick", event => { if (boxOf() && event.target.closest(".wf thead .t")) commands.fit(); });
  document.addEventListener("pointerdown", onDown);
  document.addEventListener("pointermove", onMove);
  for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, onUp);

  // The table was replaced by one that is drawn for the time of its own address. The time that is shown stays the same; when all time was
  // shown, all time is shown again.
  document.addEventListener("dht:updated", () => {
    const box = boxOf();
    if (!box) return;
    if (all) {
      start();
      draw();
      return;
    }
    if (to > whole()) to = whole();
    if (Number(box.dataset.from) === from && Number(box.dataset.to) === to) return;
    draw();
    settle();
  });
}
