// A picture of the waterfall as PNG: the SVG export drawn on a canvas by the browser itself. Only offered where scripts run.
const sharpest = 2;

// Browsers draw no larger canvas: a side of 16,384 pixels, and some 268 million pixels in all.
const longestSide = 16384;
const mostPixels = 200_000_000;

async function picture(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const scale = Math.min(
    sharpest,
    longestSide / image.width,
    longestSide / image.height,
    Math.sqrt(mostPixels / (image.width * image.height)),
  );
  if (scale < 0.5) throw new Error(`${image.width} by ${image.height} pixels are more than a browser can draw; the SVG holds all rows`);
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(image.width * scale);
  canvas.height = Math.floor(image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error("the browser made no picture"))), "image/png");
  });
}

async function save(button) {
  const status = document.querySelector("#status");
  const label = button.textContent;
  button.disabled = true;
  try {
    const blob = await picture(button.dataset.png);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    status.textContent = "The picture is saved";
  } catch (error) {
    button.textContent = `no picture: ${error.message}`;
    status.textContent = button.textContent;
    setTimeout(() => { button.textContent = label; }, 6000);
  } finally {
    button.disabled = false;
  }
}

export function startPng() {
  for (const button of document.querySelectorAll("[data-png]")) button.hidden = false;
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-png]");
    if (button) save(button);
  });
  document.addEventListener("dht:updated", () => {
    for (const button of document.querySelectorAll("[data-png]")) button.hidden = false;
  });
}
