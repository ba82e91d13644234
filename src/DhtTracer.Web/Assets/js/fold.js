// Folds the rows of a query without asking the server; the link does the same when there is no script.
export function startFold() {
  for (const link of document.querySelectorAll("a.fold")) {
    const table = link.closest(".wf");
    link.addEventListener("click", event => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      const folded = table.classList.toggle("folded");
      link.setAttribute("aria-expanded", String(!folded));
      const url = new URL(location.href);
      if (folded) url.searchParams.set("folded", "1");
      else url.searchParams.delete("folded");
      history.replaceState(null, "", url);
    });
  }
}
