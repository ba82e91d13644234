// Turns a part of the document into a newer version of itself, touching only what the server changed.
//
// Three versions meet: what the server sent last (served), what it sends now (next), and what stands in the document (live), which
// scripts and the reader have changed since: open details, a marked row, a typed text. Only the difference between served and next
// is applied to live, so all of that stays. Elements with an id keep their identity wherever they move within their parent.

// Opens a part of the document for updates. Call it before any script has changed the part.
export function track(live) {
  const served = live.cloneNode(true);
  const lives = new WeakMap();
  pair(lives, served, live);
  return {
    // Applies the whole of a newer version. Returns the elements that are new.
    update(next) {
      return keepingPlace(live, () => {
        const added = [];
        morph({ lives, added }, served, next);
        return added;
      });
    },
    // Applies only elements with these ids, where both versions have them.
    updateOnly(next, selector) {
      return keepingPlace(live, () => {
        const added = [];
        for (const old of served.querySelectorAll(selector)) {
          const newer = next.querySelector(`#${CSS.escape(old.id)}`);
          if (newer) morph({ lives, added }, old, newer);
        }
        return added;
      });
    },
  };
}

function pair(lives, served, live) {
  lives.set(served, live);
  for (let a = served.firstChild, b = live.firstChild; a && b; a = a.nextSibling, b = b.nextSibling) pair(lives, a, b);
}

function morph(work, served, next) {
  if (served.isEqualNode(next)) return;
  const live = work.lives.get(served);
  if (served.nodeType !== Node.ELEMENT_NODE) {
    served.nodeValue = next.nodeValue;
    live.nodeValue = next.nodeValue;
    return;
  }
  morphAttributes(live, served, next);
  morphChildren(work, live, served, next);
}

function morphAttributes(live, served, next) {
  for (const { name, value } of [...next.attributes]) {
    if (served.getAttribute(name) === value) continue;
    if (name === "class") morphClass(live, served, next);
    else live.setAttribute(name, value);
    served.setAttribute(name, value);
  }
  for (const { name } of [...served.attributes]) {
    if (next.hasAttribute(name)) continue;
    if (name === "class") morphClass(live, served, next);
    else live.removeAttribute(name);
    served.removeAttribute(name);
  }
}

function morphClass(live, served, next) {
  for (const name of served.classList) if (!next.classList.contains(name)) live.classList.remove(name);
  for (const name of next.classList) if (!served.classList.contains(name)) live.classList.add(name);
}

function morphChildren(work, live, served, next) {
  const matches = match(served, next);
  const kept = new Set(matches.values());
  for (const old of [...served.childNodes]) {
    if (kept.has(old)) continue;
    old.remove();
    removeUnlessFocused(work.lives.get(old));
  }

  let before = null; // the served child that was placed last
  for (const newer of [...next.childNodes]) {
    const place = before ? before.nextSibling : served.firstChild;
    let child = matches.get(newer);
    if (!child) {
      child = document.importNode(newer, true);
      const added = document.importNode(newer, true);
      pair(work.lives, child, added);
      put(work.lives, live, added, before, place);
      served.insertBefore(child, place);
      if (added.nodeType === Node.ELEMENT_NODE) work.added.push(added);
    } else {
      if (child !== place) {
        put(work.lives, live, work.lives.get(child), before, place);
        served.insertBefore(child, place);
      }
      morph(work, child, newer);
    }
    before = child;
  }
}

// Which served child becomes which newer one: by id, else the next one of the same name.
function match(served, next) {
  const byId = new Map();
  const others = [];
  for (const child of served.childNodes) {
    if (child.id) byId.set(child.id, child);
    else others.push(child);
  }
  const matches = new Map();
  let from = 0;
  for (const newer of next.childNodes) {
    if (newer.id) {
      const child = byId.get(newer.id);
      if (child?.nodeName === newer.nodeName) matches.set(newer, child);
      continue;
    }
    for (let i = from; i < others.length; i++) {
      if (others[i].nodeName !== newer.nodeName) continue;
      matches.set(newer, others[i]);
      from = i + 1;
      break;
    }
  }
  return matches;
}

function put(lives, parent, node, before, place) {
  let target = place ? lives.get(place) : before ? lives.get(before).nextSibling : parent.firstChild;
  if (target && target.parentNode !== parent) target = null; // a script took it away
  parent.insertBefore(node, target);
}

// What the reader is at is not pulled away: it goes when the focus has gone.
function removeUnlessFocused(node) {
  if (!node.contains(document.activeElement)) {
    node.remove();
    return;
  }
  node.addEventListener("focusout", function leave(event) {
    if (node.contains(event.relatedTarget)) return;
    node.removeEventListener("focusout", leave);
    node.remove();
  });
}

// Keeps focus, and keeps what is on the screen where it is when rows come in above it. A reader at the very top sees what is new.
function keepingPlace(root, change) {
  const focused = document.activeElement;
  const anchor = scrollY > 0 ? anchorIn(root) : null;
  const top = anchor?.getBoundingClientRect().top;
  const result = change();
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  if (anchor?.isConnected) {
    const moved = anchor.getBoundingClientRect().top - top;
    if (moved !== 0) scrollBy({ top: moved, behavior: "instant" });
  }
  return result;
}

function anchorIn(root) {
  for (let y = 60; y < innerHeight; y += 40) {
    const element = document.elementFromPoint(innerWidth / 2, y)?.closest("[id]");
    if (element && element !== root && root.contains(element)) return element;
  }
  return null;
}
