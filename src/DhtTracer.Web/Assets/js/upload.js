// The form that uploads files: shows a progress bar, and the reason when the server rejects the files. Without a script the browser sends
// the form itself.
function words(form, text) {
  form.querySelector("[data-upload-word]").textContent = text;
}

function send(form) {
  const bar = form.querySelector("progress");
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  const done = text => {
    bar.hidden = true;
    button.disabled = false;
    words(form, text);
  };
  request.upload.addEventListener("progress", event => {
    if (!event.lengthComputable) return;
    bar.value = event.loaded / event.total;
    words(form, event.loaded < event.total ? `${Math.floor(bar.value * 100)} % sent` : "sent, being imported…");
  });
  request.addEventListener("load", () => {
    if (request.status === 200) location.assign(request.responseURL);
    else done(`Not imported: the server answered ${request.status} ${request.statusText}.`);
  });
  request.addEventListener("error", () => done("Not imported: the connection broke."));
  request.open("POST", form.action);
  request.send(new FormData(form));
  bar.hidden = false;
  button.disabled = true;
}

export function startUpload() {
  document.addEventListener("submit", event => {
    const form = event.target.closest("form[data-upload]");
    if (!form) return;
    event.preventDefault();
    const size = [...form.elements.files.files].reduce((sum, file) => sum + file.size, 0);
    const most = Number(form.dataset.upload);
    if (size > most) {
      const mebibytes = bytes => bytes / 1048576;
      words(form, `Not sent: ${Math.ceil(mebibytes(size))} MiB are more than the ${Math.floor(mebibytes(most))} MiB `
        + "that are taken at once. Use dht-tracer import.");
    } else {
      send(form);
    }
  });
}
