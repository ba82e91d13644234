// The rows of the waterfall: one of them is the current one, moved by j, k and the arrows, named by the address (#p12). The chain of
// peers that named the current row, or the one under the pointer, stands out. All by delegation: the table may be replaced at any time.
import { isTaken, singleKeysOn } from "./shortcuts.js";
import { setState } from "./page-state.js";

// The page of an operation draws such tables too, with links instead of a current row.
const rowSelector = ".wf[data-referrers] tbody.rows tr";
const referrers = new WeakMap();
let current = null;
let lit = null;

export const tableOf = () => document.querySelector(".wf[data-referrers]");
export const rowAt = place => place === null ? null : document.getElementById(`p${place}`);
export const placeOf = row => Number(row.id.slice(1));
export const rowOf = element => element?.closest?.(rowSelector) ?? null;
export const currentRow = () => rowAt(current);

const isShown = row => row !== null && !row.hidden;

function next(row, forward) {
  let at = row;
  do {
    const sibling = forward ? at.nextElementSibling : at.previousElementSibling;
    if (sibling) {
      at = sibling;
      continue;
    }
    const body = forward ? at.parentElement.nextElementSibling : at.parentElement.previousElementSibling;
    if (!body?.matches(".rows")) return null;
    at = forward ? body.firstElementChild : body.lastElementChild;
  } while (at.hidden);
  return at;
}

function end(forward) {
  const bodies = tableOf()?.querySelectorAll("tbody.rows") ?? [];
  const body = forward ? bodies[bodies.length - 1] : bodies[0];
  const row = forward ? body?.lastElementChild : body?.firstElementChild;
  return row && row.hidden ? next(row, !forward) : row ?? null;
}

// Only the current row is a stop of the Tab key.
function mark(row, isCurrent) {
  if (!row) return;
  row.classList.toggle("cur", isCurrent);
  row.tabIndex = isCurrent ? 0 : -1;
}

export function makeCurrent(row, { focus = false, write = true } = {}) {
  const before = currentRow();
  if (before !== row) mark(before, false);
  current = placeOf(row);
  mark(row, true);
  if (focus) {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  if (before !== row) document.dispatchEvent(new CustomEvent("dht:row", { detail: row }));
  if (write) setState({}, row.id);
}

function move(event, row) {
  if (!row) return;
  event.preventDefault();
  makeCurrent(row, { focus: true });
}

function onKey(event) {
  const table = tableOf();
  if (!table || isTaken(event) || event.shiftKey) return;
  const focused = rowOf(document.activeElement);
  const at = isShown(currentRow()) ? currentRow() : null;
  const letter = singleKeysOn() ? event.key : null;
  if (letter === "j") move(event, at ? next(at, true) : end(false));
  else if (letter === "k") move(event, at ? next(at, false) : end(false));
  else if (!focused) return;
  else if (event.key === "ArrowDown") move(event, next(focused, true));
  else if (event.key === "ArrowUp") move(event, next(focused, false));
  else if (event.key === "Home") move(event, end(false));
  else if (event.key === "End") move(event, end(true));
}

// The places from a row back to the seed. A trace that contradicts itself can name in a circle.
export function chainOf(place) {
  const table = tableOf();
  if (!table) return [];
  let list = referrers.get(table);
  if (!list) {
    list = table.dataset.referrers.split(",").map(Number);
    referrers.set(table, list);
  }
  const chain = [];
  const seen = new Set();
  for (let at = place; at > 0 && !seen.has(at); at = list[at - 1] ?? 0) {
    seen.add(at);
    chain.push(at);
  }
  return chain;
}

export function light(row) {
  const table = tableOf();
  if (lit === row || !table) return;
  for (const old of table.querySelectorAll("tr.in")) old.classList.remove("in");
  lit = row;
  const chain = row ? chainOf(placeOf(row)) : [];
  table.classList.toggle("chain", chain.length > 1);
  if (chain.length > 1) for (const place of chain) rowAt(place)?.classList.add("in");
}

let pointerTimer = 0;

function onPointer(event) {
  if (event.pointerType === "touch") return;
  const row = rowOf(event.target);
  clearTimeout(pointerTimer);

  // While the table scrolls under a resting pointer every row passes by; only where it comes to rest counts.
  pointerTimer = setTimeout(() => light(row ?? rowOf(document.activeElement)), row ? 70 : 0);
}

function open() {
  const row = document.getElementById(location.hash.slice(1));
  if (rowOf(row) !== row || row === null) return;

  // A row that is named by the address is shown, also when it is one of those that are folded away.
  if (row.matches(".fo[hidden]")) row.hidden = row.parentElement.hidden = false;
  makeCurrent(row, { focus: true, write: false });
}

// The table was replaced: the place stays, its row is another element.
function restore(hadFocus) {
  lit = null;
  const row = currentRow() ?? end(false);
  if (!row) return;
  if (current === null) row.tabIndex = 0;
  else makeCurrent(row, { focus: hadFocus && document.activeElement === document.body, write: false });
}

// Listens also on a page that has no table yet: one that waits for its query becomes one without being loaded again.
export function startRows() {
  let rowHadFocus = false;
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerover", onPointer);
  document.addEventListener("focusin", event => {
    const row = rowOf(event.target);
    rowHadFocus = row !== null && event.target === row;
    if (row) makeCurrent(row);
    light(row);
  });
  document.addEventListener("focusout", event => { if (!event.relatedTarget) light(null); });
  addEventListener("hashchange", open);
  document.addEventListener("dht:updated", () => restore(rowHadFocus));
  if (location.hash) open();
  restore(false);
}
