// All that is known of a row: beside the row as long as the pointer or the focus rests on it, and docked (row=p12 in the address) after
// Enter or a click, until Esc. The server writes it, the same as without a script.
import { handlerUrl, setState } from "./page-state.js";
import { currentRow, makeCurrent, placeOf, rowAt, rowOf } from "./rows.js";
import { isTaken } from "./shortcuts.js";

const hoverDelay = 280;
const focusDelay = 120;
const kept = new Map();
let pinned = null;
let peeked = null;
let timer = 0;
let request = null;

const place = () => document.querySelector("#details");

async function load(row) {
  const key = row.id;
  if (kept.has(key)) return kept.get(key);
  request?.abort();
  request = new AbortController();
  const response = await fetch(handlerUrl("row", { row: key }), { signal: request.signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const details = page.querySelector(".row-details");
  if (kept.size > 500) kept.clear();
  kept.set(key, details);
  return details;
}

async function show(row, peek) {
  const box = place();
  if (!box) return;
  let details;
  try {
    details = await load(row);
  } catch (error) {
    if (error.name !== "AbortError") document.querySelector("#status").textContent = `The details did not load: ${error.message}`;
    return;
  }
  if (peek ? peeked !== row.id || pinned !== null || holdsFocus() : pinned !== row.id) return;
  box.replaceChildren(details.cloneNode(true));
  box.classList.toggle("peek", peek);
  if (peek) beside(box, row);
  else for (const side of ["left", "top"]) box.style[side] = "";
}

// Below the row, or above it where there is no room.
function beside(box, row) {
  const around = row.getBoundingClientRect();
  const height = box.offsetHeight;
  const below = around.bottom + 6;
  box.style.left = `${Math.max(8, Math.min(around.left + 210, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${below + height <= innerHeight - 8 ? below : Math.max(8, around.top - height - 6)}px`;
}

function hide() {
  clearTimeout(timer);
  peeked = null;
  place()?.replaceChildren();
  place()?.classList.remove("peek");
}

// While the focus is inside, what it rests on stays: taken away, it would fall back to the beginning of the page.
const holdsFocus = () => place()?.contains(document.activeElement) ?? false;

function unpeek() {
  if (pinned === null && !holdsFocus()) hide();
}

function peek(row, delay) {
  clearTimeout(timer);
  if (pinned !== null || holdsFocus()) return;
  if (!row) {
    unpeek();
    return;
  }
  if (peeked === row.id) return;
  timer = setTimeout(() => {
    peeked = row.id;
    show(row, true);
  }, delay);
}

function pin(row) {
  clearTimeout(timer);
  peeked = null;
  pinned = row.id;
  setState({ row: row.id }, row.id);
  show(row, false);
}

function unpin() {
  pinned = null;
  setState({ row: null });
  hide();
}

function onKey(event) {
  if (isTaken(event)) return;
  if (event.key === "Escape" && (pinned !== null || peeked !== null)) {
    event.preventDefault();
    const row = currentRow();
    const inside = place()?.contains(document.activeElement);
    if (pinned !== null) unpin();
    else hide();
    if (inside && row) row.focus();
  } else if (event.key === "Enter" && rowOf(event.target) === event.target) {
    event.preventDefault();
    pin(event.target);
  }
}

function onClick(event) {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (event.target.closest(".row-details .close")) {
    event.preventDefault();
    const row = currentRow();
    unpin();
    row?.focus();
    return;
  }
  const row = rowOf(event.target);
  if (!row || event.target.closest("a:not(.p a)") || !getSelection().isCollapsed) return;
  event.preventDefault();
  makeCurrent(row, { focus: true });
  pin(row);
}

export function startRowDetails() {
  pinned = place()?.querySelector(".row-details")?.dataset.row ?? null;
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("pointerover", event => {
    if (event.pointerType !== "touch") peek(rowOf(event.target), hoverDelay);
  });
  document.addEventListener("focusin", event => {
    const row = rowOf(event.target);
    if (!row) {
      unpeek();
      return;
    }
    if (pinned !== null) {
      if (pinned !== row.id) pin(row);
    } else if (row.matches(":focus-visible, :has(:focus-visible)")) peek(row, focusDelay);
  });
  addEventListener("scroll", unpeek, { passive: true });
  document.addEventListener("dht:updated", () => {
    kept.clear();
    const row = pinned === null ? null : rowAt(Number(pinned.slice(1)));
    if (row) show(row, false);
    else unpeek();
  });
}
