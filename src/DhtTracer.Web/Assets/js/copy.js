// Buttons that copy: data-copy copies a text, data-copy-url a link of this site as an absolute address, data-copy-here the address of this
// page with its state.
import { writeState } from "./page-state.js";

const buttons = "[data-copy], [data-copy-url], [data-copy-here]";

function textOf(button) {
  if (button.dataset.copyHere === undefined) return button.dataset.copy ?? new URL(button.dataset.copyUrl, location.href).href;
  writeState();
  return location.href;
}

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without a secure context (a site on a private network over http) there is no clipboard API.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser refused to copy");
}

async function copy(button) {
  const text = textOf(button);
  const label = button.textContent;
  try {
    await write(text);
    button.textContent = "copied";
  } catch (error) {
    button.textContent = `not copied: ${error.message}`;
  }
  document.querySelector("#status").textContent = button.textContent;
  setTimeout(() => { button.textContent = label; }, 1600);
}

function show() {
  for (const button of document.querySelectorAll(buttons)) button.hidden = false;
}

export function startCopy() {
  show();
  document.addEventListener("dht:updated", show);
  document.addEventListener("click", event => {
    const button = event.target.closest(buttons);
    if (button) copy(button);
  });
}
