// Measures the query page in chromium: first paint, and the frames while it scrolls. Start the site with
//   dotnet run -c Release --project bench/DhtTracer.Bench -- page 10000 serve 5110
// and give the address that it prints:
//   node bench/query-page.mjs http://127.0.0.1:5110/q/...
// Needs playwright-core (npm, as under tests/) and a chromium at CHROMIUM or /usr/bin/chromium.
import { createRequire } from "node:module";

const [address, modules = process.cwd()] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

async function paint() {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
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

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
await paint();
const paints = [];
for (let i = 0; i < 7; i++) paints.push(await paint());
console.log(`rows ${paints[0].rows}, ${Math.round(paints[0].bytes / 1000)} kB`);
for (const name of ["responseStart", "responseEnd", "firstPaint", "load"]) {
  console.log(`${name.padEnd(14)} median ${median(paints.map(p => p[name])).toFixed(0)} ms, least ${Math.min(...paints.map(p => p[name])).toFixed(0)} ms`);
}

// Wheel turns as a hand makes them, 60 a second for 5 seconds, and the time between frames meanwhile.
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
await page.goto(address, { waitUntil: "load" });
await page.waitForTimeout(500);
await page.mouse.move(700, 600);
const frames = page.evaluate(() => new Promise(resolve => {
  const deltas = [];
  let last = performance.now();
  const end = last + 5000;
  const tick = now => {
    deltas.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(tick);
    else resolve({ deltas: deltas.slice(1), scrolled: scrollY });
  };
  requestAnimationFrame(tick);
}));
const until = Date.now() + 4800;
while (Date.now() < until) {
  await page.mouse.wheel(0, 240);
  await new Promise(resolve => setTimeout(resolve, 16));
}
const { deltas, scrolled } = await frames;
const sorted = [...deltas].sort((a, b) => a - b);
const dropped = deltas.reduce((sum, delta) => sum + Math.max(0, Math.round(delta / (1000 / 60)) - 1), 0);
console.log(`scrolled ${Math.round(scrolled)} px in 5 s: ${deltas.length} frames, median ${median(deltas).toFixed(1)} ms, p99 ${sorted[Math.floor(sorted.length * 0.99)].toFixed(1)} ms, `
  + `longest ${sorted.at(-1).toFixed(1)} ms, ${dropped} frames dropped`);
await browser.close();
