// The state of the query page is its address. Links that lead to another sort, filter or part of the page were made when the page was;
// what has been chosen since (a search, a stretch of time) is put into them the moment before they are followed.
const kept = ["find", "t"];
let pending = null;

// Sets or removes (null) parameters without a new entry in the history. Browsers refuse hundreds of changes a second, so they are gathered.
export function setState(parameters, hash) {
  pending ??= { parameters: {}, hash: undefined };
  Object.assign(pending.parameters, parameters);
  if (hash !== undefined) pending.hash = hash;
  if (pending.timer) return;
  pending.timer = setTimeout(writeState, 120);
}

export function writeState() {
  if (!pending) return;
  clearTimeout(pending.timer);
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(pending.parameters)) {
    if (value === null || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (pending.hash !== undefined) url.hash = pending.hash;
  pending = null;
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}

export function getState(name) {
  writeState();
  return new URL(location.href).searchParams.get(name);
}

// The address of one of the page's own answers for scripts: /q/{id}?handler=row&row=p12.
export function handlerUrl(handler, parameters) {
  writeState();
  const url = new URL(location.href);
  url.hash = "";
  url.searchParams.set("handler", handler);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

function keep(event) {
  const link = event.target.closest?.(".tabs a, .segments a, .sorts a, .wf thead a, .wf a.fold");
  if (!link || !document.querySelector(".wf")) return;
  writeState();
  const here = new URL(location.href);
  const url = new URL(link.href);
  if (url.pathname !== here.pathname) return;
  for (const name of kept) {
    const value = here.searchParams.get(name);
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  link.href = url.pathname + url.search + url.hash;
}

export function startPageState() {
  for (const type of ["pointerdown", "focusin"]) document.addEventListener(type, keep);
}
