// Measures the query page in chromium: first paint, and the frames while it scrolls and while it zooms. Start the site with
//   dotnet run -c Release --project bench/DhtTracer.Bench -- page 10000 serve 5110
// and give the address that it prints:
//   node bench/query-page.mjs http://127.0.0.1:5110/q/... [folder of node_modules] [seconds]
// Needs playwright-core (npm, as under tests/) and a chromium at CHROMIUM or /usr/bin/chromium.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [address, modules = process.cwd(), seconds = "10"] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const view = { viewport: { width: 1440, height: 900 } };
const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const load = () => readFileSync("/proc/loadavg", "utf8").split(" ")[0];

// All events of the browser while something is done.
async function traced(categories, work) {
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on("Tracing.dataCollected", data => events.push(...data.value));
  await session.send("Tracing.start", { traceConfig: { includedCategories: categories }, transferMode: "ReportEvents" });
  const result = await work();
  const complete = new Promise(resolve => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  return { events, result };
}

// A first visit makes chromium start a process for the site and fetch its assets; whoever comes from another page of it has both.
async function paint(from) {
  const page = await (await browser.newContext(view)).newPage();
  if (from) await page.goto(new URL(from, address).href, { waitUntil: "load" });
  await page.goto(address, { waitUntil: "load" });
  await page.waitForTimeout(300);
  const result = await page.evaluate(() => {
    const navigation = performance.getEntriesByType("navigation")[0];
    const first = performance.getEntriesByName("first-contentful-paint")[0];
    return {
      responseStart: navigation.responseStart, responseEnd: navigation.responseEnd, firstPaint: first?.startTime, load: navigation.loadEventEnd,
      bytes: navigation.transferSize, rows: document.querySelectorAll("tbody.rows tr").length,
    };
  });
  await page.context().close();
  return result;
}

// Processor time that the page's main thread spent until the first paint: what a busy machine does not change much.
async function paintCpu() {
  const { events } = await traced(["toplevel", "loading", "blink.user_timing"], () => paint());
  const painted = events.find(event => event.name === "firstContentfulPaint");
  const begun = events.filter(event => event.name === "navigationStart" && event.pid === painted.pid && event.ts < painted.ts).at(-1);
  return events
    .filter(event => event.name === "ThreadControllerImpl::RunTask" && event.pid === painted.pid && event.tid === painted.tid && event.ts >= begun.ts && event.ts <= painted.ts)
    .reduce((sum, event) => sum + (event.tdur ?? 0) / 1000, 0);
}

await paint();
const paints = [];
for (let i = 0; i < 9; i++) paints.push(await paint());
console.log(`rows ${paints[0].rows}, ${Math.round(paints[0].bytes / 1000)} kB, load average ${load()}`);
const fromList = [];
for (let i = 0; i < 9; i++) fromList.push(await paint("/queries"));
for (const [visit, all] of [["first visit", paints], ["from the list", fromList]]) {
  for (const name of ["responseStart", "responseEnd", "firstPaint", "load"]) {
    console.log(`${visit.padEnd(14)} ${name.padEnd(14)} median ${median(all.map(p => p[name])).toFixed(0)} ms, least ${Math.min(...all.map(p => p[name])).toFixed(0)} ms`);
  }
}

const cpu = [];
for (let i = 0; i < 5; i++) cpu.push(await paintCpu());
console.log(`main thread until first paint: median ${median(cpu).toFixed(0)} ms CPU, least ${Math.min(...cpu).toFixed(0)} ms`);

// Time between frames as a script sees it, while something is done to a page for some seconds.
async function frames(name, act, at = address) {
  const page = await (await browser.newContext(view)).newPage();
  await page.goto(at, { waitUntil: "load" });
  await page.waitForTimeout(1500);
  await page.mouse.move(700, 600);
  const { events, result } = await traced(["cc", "benchmark", "toplevel", "disabled-by-default-devtools.timeline.frame", "__metadata"], async () => {
    const measured = page.evaluate(ms => new Promise(resolve => {
      const deltas = [];
      let last = performance.now();
      const end = last + ms;
      const tick = now => {
        deltas.push(now - last);
        last = now;
        if (now < end) requestAnimationFrame(tick);
        else resolve({ deltas: deltas.slice(1), scrolled: scrollY });
      };
      requestAnimationFrame(tick);
    }), Number(seconds) * 1000);
    const until = Date.now() + (Number(seconds) * 1000) - 200;
    for (let i = 0; Date.now() < until; i++) await act(page, i);
    return await measured;
  });
  await page.context().close();

  const { deltas, scrolled } = result;
  const sorted = [...deltas].sort((a, b) => a - b);
  const late = deltas.reduce((sum, delta) => sum + Math.max(0, Math.round(delta / (1000 / 60)) - 1), 0);
  console.log(`${name}: ${deltas.length} frames in ${seconds} s${scrolled > 0 ? `, ${Math.round(scrolled)} px` : ""}, median ${median(deltas).toFixed(1)} ms, p99 ${sorted[Math.floor(sorted.length * 0.99)].toFixed(1)} ms, `
    + `longest ${sorted.at(-1).toFixed(1)} ms, ${late} late; load average ${load()}`);

  // What the compositor says of each frame that it began: dropped ones count when the reader can have seen it.
  const states = {};
  let missing = 0;
  for (const event of events) {
    const report = event.args?.frame_reporter;
    if (event.name !== "PipelineReporter" || event.ph !== "b" || !report) continue;
    const state = `${report.state.replace("STATE_", "").toLowerCase().replaceAll("_", " ")}${report.state === "STATE_DROPPED" && report.affects_smoothness ? ", to be seen" : ""}`;
    states[state] = (states[state] ?? 0) + 1;
    if (report.has_missing_content) missing++;
  }
  // Processor time: what the page itself asks of a frame, however busy the machine is. A frame has 16.7 ms.
  const renderer = events.find(event => event.name === "ProxyMain::BeginMainFrame")?.pid;
  const cpu = name => {
    const times = events.filter(event => event.name === name && event.pid === renderer && event.tdur !== undefined).map(event => event.tdur / 1000).sort((a, b) => a - b);
    return times.length === 0 ? "none" : `median ${median(times).toFixed(1)}, p99 ${times[Math.floor(times.length * 0.99)].toFixed(1)}, most ${times.at(-1).toFixed(1)} ms of ${times.length}`;
  };
  console.log(`  CPU of a frame on the main thread: ${cpu("ProxyMain::BeginMainFrame")}; drawn by the compositor: ${cpu("Scheduler::OnBeginImplFrameDeadline")}`);
  console.log(`  compositor: ${Object.entries(states).map(([state, count]) => `${count} ${state}`).join("; ")}; ${missing} with content missing`);
}

const pause = () => new Promise(resolve => setTimeout(resolve, 16));
const wheel = async page => { await page.mouse.wheel(0, 240); await pause(); };

// First a page that asks nothing of the browser: what is late there is the machine's doing.
await frames("wheel over an empty page", wheel, "data:text/html,<div style='height:300000px'>");
await frames("wheel, by hand (120 px, 30 a second)", async page => { await page.mouse.wheel(0, 120); await pause(); await pause(); });
await frames("wheel, spinning (240 px, 60 a second)", wheel);
await frames("zoom", async (page, i) => { await page.keyboard.press(["+", "+", "+", "Shift+ArrowRight", "Shift+ArrowLeft", "-", "-", "-"][i % 8]); for (let wait = 0; wait < 6; wait++) await pause(); });
await browser.close();
