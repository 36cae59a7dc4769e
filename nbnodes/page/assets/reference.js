
// ---- the API's page: what a form says is what is asked
for (const form of document.querySelectorAll("form[data-run]")) {
  const part = (name) => form.querySelector(`[data-part="${name}"]`);
  const url = () => {
    const format = part("format").value;
    return form.dataset.run + (format === "json" ? "" : `?format=${format}`);
  };
  const line = () => curlLine(url(), Object.values(controls), "guarded" in document.body.dataset);
  const draw = () => { part("curl").textContent = line(); };
  const controls = controlsIn(form, draw);
  draw();
  part("format").addEventListener("change", draw);
  form.querySelector('[data-act="curl"]').addEventListener("click", (event) => copy(line(), event.target));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = part("answer");
    answer.hidden = false;
    answer.setAttribute("aria-busy", "true");
    const told = Object.values(controls).map((one) => ({ ...one, isSecret: false })); // none is starred
    const headers = { "Content-Type": "application/json" };
    const token = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
    if (token) headers["X-XSRFToken"] = decodeURIComponent(token);
    const begun = performance.now();
    try {
      const response = await fetch(url(), { method: "POST", headers, body: asBody(told) });
      answer.replaceChildren(...await shown(response, performance.now() - begun));
    } catch (error) {
      answer.replaceChildren(paragraph(`There was no answer: ${error.message}`));
    }
    answer.removeAttribute("aria-busy");
  });
}

function paragraph(text) {
  const made = document.createElement("p");
  made.className = "nb-note";
  made.textContent = text;
  return made;
}

// An answer as elements: how it went, and its body as text or as a picture.
async function shown(response, took) {
  const told = [`${response.status} ${response.statusText}`, `${Math.round(took)} ms`];
  for (const name of ["X-Cache", "ETag", "Server-Timing", "Content-Type", "Location"]) {
    if (response.headers.get(name)) told.push(`${name}: ${response.headers.get(name)}`);
  }
  const kind = response.headers.get("Content-Type") ?? "";
  if (kind.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.alt = "The answer";
    picture.src = URL.createObjectURL(await response.blob());
    return [paragraph(told.join(" · ")), picture];
  }
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  if (/json|text|html|xml|csv/.test(kind)) {
    const text = await response.text();
    pre.textContent = kind.includes("json") ? pretty(text) : text;
  } else pre.textContent = `${(await response.blob()).size} bytes`;
  return [paragraph(told.join(" · ")), pre];
}

function pretty(text) {
  const full = /\d{16}/.test(text) ? text : JSON.stringify(JSON.parse(text), null, 2); // long numbers stay exact
  return full.length > 100_000 ? `${full.slice(0, 100_000)}\n… ${full.length - 100_000} more characters` : full;
}
