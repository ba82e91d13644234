// Folds the rows of a query without asking the server; the link does the same when there is no script.
export function startFold() {
  document.addEventListener("click", event => {
    const link = event.target.closest("a.fold");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const folded = link.closest(".wf").classList.toggle("folded");
    link.setAttribute("aria-expanded", String(!folded));
    const url = new URL(location.href);
    if (folded) url.searchParams.set("folded", "1");
    else url.searchParams.delete("folded");
    history.replaceState(history.state, "", url);
  });
}
