// Follows what changes: the list and a running query by server-sent events, pages of state by the clock. The page itself is asked
// for again and morphed into place, so there is one way to make a page. After each update `dht:updated` is dispatched on document.
import { track } from "./morph.js";

const shortestGap = 500; // ms between two updates at least, however fast things change
const firstRetry = 1000;
const longestRetry = 15000;

export function startLive() {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  const tracked = track(main);
  const styles = document.querySelector("link[rel=stylesheet]").href;

  let source = null; // the connection, or the timer that stands for it
  let retry = firstRetry;
  let retryTimer = 0;
  let paused = false;
  let over = false; // nothing more will come
  let wanted = false; // something changed that is not shown yet
  let updating = false;
  let nextAt = 0;
  let stamp = main.dataset.stamp;

  function show(state, word) {
    for (const element of main.querySelectorAll("[data-live-state]")) {
      element.hidden = false;
      element.dataset.liveState = state;
      const text = element.querySelector("[data-live-word]");
      if (text.textContent !== word) text.textContent = word;
      element.querySelector("[data-live-pause]").textContent = paused ? "resume" : "pause";
      element.querySelector("[data-live-pause]").hidden = over;
    }
  }

  function connect() {
    disconnect();
    if (paused || over || document.hidden) return;
    if (main.dataset.liveEvery) {
      source = { timer: setInterval(want, Number(main.dataset.liveEvery)) };
      show("live", "live");
      return;
    }
    const events = new EventSource("/api/v1/events");
    source = { events };
    events.addEventListener("hello", event => {
      retry = firstRetry;
      show("live", "live");
      if (event.data !== stamp) want();
    });
    events.addEventListener("changed", event => {
      const queries = main.dataset.liveQuery?.split(" ");
      if (!queries || event.data === "" || event.data.split(" ").some(changed => queries.includes(changed))) want();
    });
    events.addEventListener("error", () => fail());
  }

  function disconnect() {
    clearTimeout(retryTimer);
    clearInterval(source?.timer);
    source?.events?.close();
    source = null;
  }

  function fail() {
    disconnect();
    if (paused || over) return;
    show("broken", "reconnecting…");
    // Not all pages at once when a server comes back.
    retryTimer = setTimeout(connect, retry * (0.8 + Math.random() * 0.4));
    retry = Math.min(retry * 2, longestRetry);
  }

  function finish(state, word) {
    over = true;
    disconnect();
    show(state, word);
  }

  function want() {
    if (wanted) return;
    wanted = true;
    if (!updating) schedule();
  }

  function schedule() {
    setTimeout(update, Math.max(0, nextAt - performance.now()));
  }

  async function update() {
    if (paused || over || document.hidden) {
      wanted = false; // what is missed is seen by the stamp when the page connects again
      return;
    }
    wanted = false;
    updating = true;
    try {
      await refresh();
      if (main.dataset.liveEvery) show("live", "live");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch throws TypeError when the server is away
      if (main.dataset.liveEvery) show("broken", "reconnecting…");
      else fail();
    } finally {
      updating = false;
      nextAt = performance.now() + shortestGap;
      if (wanted) schedule();
    }
  }

  async function refresh() {
    const response = await fetch(address(), { cache: "no-store" });
    if (response.status >= 500) throw new TypeError(`the server answered ${response.status}`);
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok || response.redirected) return finish("over", response.ok ? "moved: reload" : "no longer here: reload");
    if (next.querySelector("link[rel=stylesheet]")?.href !== styles) return finish("over", "a new version is running: reload");
    if (paused) return;
    const newer = next.querySelector("main");
    let added = [];
    if (main.dataset.live === "rows") {
      tracked.updateOnly(newer, "tr[id]");
      await countNew();
    } else {
      added = tracked.update(newer);
      document.title = next.title;
    }
    stamp = newer.dataset.stamp;
    for (const element of added) element.classList.add("fresh");
    document.dispatchEvent(new CustomEvent("dht:updated", { detail: { added } }));
    if (!main.dataset.live) finish("over", "complete");
    else if (source) show("live", "live");
  }

  // Rows that are shown are asked for by name: what has changed may have moved them to another page of the list.
  function address() {
    const rows = main.dataset.live === "rows" ? [...main.querySelectorAll("tr[id^=r-]")].map(row => row.id.slice(2)) : [];
    return location.pathname + (rows.length ? `?rows=${rows.join(",")}` : location.search);
  }

  // A list that is not at its newest end does not move under the reader: what is new is counted.
  async function countNew() {
    const link = main.querySelector("[data-live-new]");
    if (!link) return;
    const response = await fetch(link.dataset.liveNew);
    if (!response.ok) return;
    const { count, isCut } = await response.json();
    link.hidden = count === 0;
    link.querySelector("a").textContent = `${count}${isCut ? " or more" : ""} new ${count === 1 ? "operation" : "operations"}`;
  }

  main.addEventListener("click", event => {
    if (!event.target.closest("[data-live-pause]")) return;
    paused = !paused;
    if (paused) {
      disconnect();
      show("paused", "paused");
    } else {
      show("live", "live");
      connect();
    }
  });
  // A hidden page holds no connection: browsers allow six to a server, and a row of forgotten tabs would use them up.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) disconnect();
    else {
      connect();
      if (main.dataset.liveEvery) want();
    }
  });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", event => event.persisted && connect());
  connect();
}
