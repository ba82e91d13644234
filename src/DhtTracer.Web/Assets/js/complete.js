// Offers names and values of the filter language while the reader types in a field with data-filter: a combobox by the pattern of
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/. The server checks what was typed; without a script the field is plain text.
const most = 9;
let names = null;
let list = null;
let field = null;
let active = -1;

const fieldOf = target => target?.closest?.("input[data-filter]");

async function load() {
  if (names) return;
  names = [];
  try {
    const response = await fetch("/filters?handler=names");
    if (response.ok) names = await response.json();
  } catch {
    names = null; // asked for again at the next key
  }
}

// The word that ends at the caret; null inside quotes, where nothing can be offered.
function wordOf(input) {
  const end = input.selectionStart;
  if (end === null || end !== input.selectionEnd || /\S/.test(input.value[end] ?? " ")) return null;
  const before = input.value.slice(0, end);
  if ((before.match(/(?<!\\)"/g) ?? []).length % 2) return null;
  const start = before.lastIndexOf(" ") + 1;
  return { start, end, text: before.slice(start) };
}

function offersFor(word) {
  const minus = word.text.startsWith("-") ? "-" : "";
  const text = word.text.slice(minus.length).toLowerCase();
  const colon = text.indexOf(":");
  if (colon < 0) {
    return names
      .filter(name => text && name.name.startsWith(text) && (!minus || name.negatable))
      .map(name => ({ insert: `${minus}${name.name}:`, label: `${name.name}:`, meaning: name.meaning }));
  }
  const name = names.find(one => one.name === text.slice(0, colon));
  const begun = text.slice(colon + 1);
  return (name?.values ?? [])
    .filter(value => value.toLowerCase().startsWith(begun) && value.toLowerCase() !== begun)
    .map(value => ({ insert: `${minus}${name.name}:${value} `, label: value, meaning: "" }));
}

function close() {
  if (!list || list.hidden) return;
  list.hidden = true;
  list.replaceChildren();
  field?.setAttribute("aria-expanded", "false");
  field?.removeAttribute("aria-activedescendant");
  active = -1;
}

function mark(index) {
  const options = [...list.children];
  active = index;
  options.forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
  if (index < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", options[index].id);
}

function take(index) {
  const word = wordOf(field);
  const insert = list.children[index].dataset.insert;
  const after = field.value.slice(word.end).replace(/^ /, insert.endsWith(" ") ? "" : " ");
  field.value = field.value.slice(0, word.start) + insert + after;
  field.setSelectionRange(word.start + insert.length, word.start + insert.length);
  offer();
}

function offer() {
  const word = names?.length ? wordOf(field) : null;
  const offers = word ? offersFor(word).slice(0, most) : [];
  close();
  if (offers.length === 0) return;
  list.append(...offers.map((one, i) => {
    const option = document.createElement("li");
    option.id = `filter-option-${i}`;
    option.setAttribute("role", "option");
    option.dataset.insert = one.insert;
    const label = document.createElement("code");
    label.textContent = one.label;
    option.append(label, " ", one.meaning);
    return option;
  }));
  const box = field.getBoundingClientRect();
  list.style.left = `${box.left + scrollX}px`;
  list.style.top = `${box.bottom + scrollY + 3}px`;
  list.style.minWidth = `${Math.min(box.width, 420)}px`;
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
  mark(-1);
}

async function onType(event) {
  const input = fieldOf(event.target);
  if (!input) return;
  field = input;
  await load();
  if (document.activeElement === input) offer();
}

function onKey(event) {
  if (!fieldOf(event.target) || list.hidden || event.isComposing) return;
  const count = list.children.length;
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (steps[event.key]) mark((active + steps[event.key] + (active < 0 && event.key === "ArrowUp" ? 1 : 0) + count) % count);
  else if (event.key === "Enter" && active >= 0) take(active);
  else if (event.key === "Escape") close();
  else {
    if (event.key === "Enter" || event.key === "Tab") close();
    return;
  }
  event.preventDefault();
}

export function startComplete() {
  const fields = document.querySelectorAll("input[data-filter]");
  if (fields.length === 0) return;
  list = document.createElement("ul");
  list.id = "filter-options";
  list.className = "offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Conditions");
  list.hidden = true;
  document.body.append(list);
  for (const input of fields) {
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
  }
  document.addEventListener("input", onType);
  document.addEventListener("keydown", onKey);
  document.addEventListener("focusout", event => { if (fieldOf(event.target)) close(); });

  // The mouse must not take the focus from the field.
  list.addEventListener("mousedown", event => event.preventDefault());
  list.addEventListener("click", event => {
    const option = event.target.closest("li");
    if (option) take([...list.children].indexOf(option));
  });
}
