// Choosing queries for a comparison: all of a page at once, a count, and a choice that outlives paging, filtering and reloading.
// Without a script the checkboxes of one page are a form.
const most = 8; // on one time axis
const storage = "chosen";

function read() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(storage) ?? "[]"));
  } catch {
    return new Set(); // storage is forbidden: the choice lasts for this page
  }
}

let chosen = new Set();

function write() {
  try {
    sessionStorage.setItem(storage, JSON.stringify([...chosen]));
  } catch {
    // as above
  }
}

export function startChoose() {
  const main = document.querySelector("main");
  if (location.pathname !== "/queries") return; // an empty list may fill while it is open
  chosen = read();

  const boxes = () => [...main.querySelectorAll("input[name=q][form=compare]")];

  function show() {
    const all = boxes();
    for (const box of all) box.checked = chosen.has(box.value);
    const ofPage = all.filter(box => box.checked).length;
    const toggle = main.querySelector("[data-choose-all]");
    if (toggle) {
      toggle.hidden = false;
      toggle.checked = all.length > 0 && ofPage === all.length;
      toggle.indeterminate = ofPage > 0 && ofPage < all.length;
    }
    const words = main.querySelector("[data-chosen]");
    if (!words) return;
    const elsewhere = chosen.size - ofPage;
    const text = chosen.size === 0 ? `up to ${most} on one time axis`
      : `${chosen.size} chosen`
        + (elsewhere ? `, ${elsewhere} of them not on this page` : "")
        + (chosen.size > most ? `; at most ${most} can be compared` : "");
    if (words.textContent !== text) words.textContent = text;
    main.querySelector("[data-choose-none]").hidden = chosen.size === 0;
    main.querySelector("#compare > button").disabled = chosen.size > most;
    // The form carries what is chosen on other pages as well.
    const here = new Set(all.map(box => box.value));
    for (const old of main.querySelectorAll("#compare input[data-elsewhere]")) old.remove();
    for (const id of chosen) {
      if (here.has(id)) continue;
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "q", value: id });
      input.dataset.elsewhere = "";
      main.querySelector("#compare").append(input);
    }
  }

  function choose(list, wanted) {
    for (const box of list) {
      if (wanted) chosen.add(box.value);
      else chosen.delete(box.value);
    }
    write();
    show();
  }

  main.addEventListener("change", event => {
    if (event.target.matches("[data-choose-all]")) choose(boxes(), event.target.checked);
    else if (event.target.matches("input[name=q][form=compare]")) choose([event.target], event.target.checked);
  });
  main.addEventListener("click", event => {
    if (!event.target.closest("[data-choose-none]")) return;
    chosen.clear();
    write();
    show();
  });
  document.addEventListener("dht:updated", show);
  addEventListener("pageshow", show);
  show();
}
