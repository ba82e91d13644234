// Keys that work on every page: "/" searches, "g" searches the site, "?" lists all keys. Single keys can be turned off in that list,
// because speech input types them by mistake (WCAG 2.1.4).
const setting = "single-keys";

export function singleKeysOn() {
  try {
    return localStorage.getItem(setting) !== "off";
  } catch {
    return true;
  }
}

// Whether a key belongs to whoever has the focus: a field, a dialog, or the browser itself.
export function isTaken(event) {
  return event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing
    || event.target.closest?.("input, textarea, select, [contenteditable], dialog") != null;
}

function focusField(event, ...selectors) {
  for (const selector of selectors) {
    const field = document.querySelector(selector);
    if (!field) continue;
    event.preventDefault();
    field.focus();
    field.select();
    return;
  }
}

function openKeys() {
  document.querySelector("#keys")?.showModal();
}

export function startShortcuts() {
  document.addEventListener("keydown", event => {
    if (isTaken(event) || !singleKeysOn()) return;
    if (event.key === "/") focusField(event, ".find-rows input[name=find]", ".find input");
    else if (event.key === "g") focusField(event, ".find input");
    else if (event.key === "?") openKeys();
  });

  const button = document.querySelector("[data-keys]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", openKeys);
  }

  const box = document.querySelector("#keys input[name=single]");
  if (box) {
    box.checked = singleKeysOn();
    box.addEventListener("change", () => {
      try {
        if (box.checked) localStorage.removeItem(setting);
        else localStorage.setItem(setting, "off");
      } catch {
        // Storage is forbidden: the keys stay as they are.
        box.checked = true;
      }
    });
  }
}
