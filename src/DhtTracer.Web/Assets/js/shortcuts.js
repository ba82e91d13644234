// "/" goes to the search field.
export function startShortcuts() {
  document.addEventListener("keydown", event => {
    if (event.key !== "/" || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const field = document.querySelector(".find input");
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
}
