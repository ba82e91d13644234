// Buttons with data-copy: the text, or with data-copy-url the absolute form of a link of this site.
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

export function startCopy() {
  for (const button of document.querySelectorAll("[data-copy], [data-copy-url]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = button.dataset.copy ?? new URL(button.dataset.copyUrl, location.href).href;
      const label = button.textContent;
      try {
        await write(text);
        button.textContent = "copied";
      } catch (error) {
        button.textContent = `not copied: ${error.message}`;
      }
      document.querySelector("#status").textContent = button.textContent;
      setTimeout(() => { button.textContent = label; }, 1600);
    });
  }
}
