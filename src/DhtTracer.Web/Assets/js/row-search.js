// Searches the rows while the reader types. The server says which rows match, by the same rule as without a script. Other rows are
// hidden.
import { handlerUrl, setState } from "./page-state.js";
import { makeCurrent, tableOf } from "./rows.js";

const delay = 90;
let timer = 0;
let request = null;

const form = () => document.querySelector(".find-rows");

function apply(places, text) {
  const shown = places && new Set(places);
  const table = tableOf();
  if (!table) return;
  for (const body of table.querySelectorAll("tbody.rows")) {
    let any = false;
    for (const row of body.rows ?? body.children) {
      const show = shown ? shown.has(Number(row.id.slice(1))) : !row.classList.contains("fo"); // folded away: found only
      if (row.hidden === show) row.hidden = !show;
      any ||= show;
    }
    body.hidden = !any;
  }
  form().querySelector("output").textContent = text;
  const folded = document.querySelector(".folded-rows");
  if (folded) folded.hidden = shown !== null;
  const none = document.querySelector(".no-rows");
  if (none) {
    none.hidden = !shown || shown.size > 0;
    none.textContent = "No peer contains the text that you search for.";
  }
  document.dispatchEvent(new CustomEvent("dht:rows"));
}

async function search() {
  clearTimeout(timer);
  const text = form().elements.find.value.trim();
  setState({ find: text || null });
  request?.abort();
  if (!text) {
    apply(null, "");
    return;
  }
  request = new AbortController();
  try {
    const response = await fetch(handlerUrl("find", { find: text }), { signal: request.signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const found = await response.json();
    apply(found.places, found.text);
  } catch (error) {
    if (error.name !== "AbortError") form().querySelector("output").textContent = `not searched: ${error.message}`;
  }
}

function toFirst() {
  const first = tableOf()?.querySelector("tbody.rows:not([hidden]) tr:not([hidden])");
  if (first) makeCurrent(first, { focus: true });
}

export function startRowSearch() {
  document.addEventListener("input", event => {
    if (!event.target.closest(".find-rows")) return;
    clearTimeout(timer);
    timer = setTimeout(search, delay);
  });
  document.addEventListener("submit", event => {
    if (!event.target.closest(".find-rows")) return;
    event.preventDefault();
    search().then(toFirst);
  });
  document.addEventListener("keydown", event => {
    if (!event.target.closest?.(".find-rows input")) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (event.target.value) {
        event.target.value = "";
        search();
      } else event.target.blur();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      toFirst();
    }
  });

  // A table that was replaced shows what its address asked for, which may be older than what has been typed since.
  document.addEventListener("dht:updated", () => { if (form()?.elements.find.value.trim()) search(); });
}
