// The head of a node's card: what it is, where it stands, how far it is, and what can be done.
// All that comes from outside is set as text, never as markup.

const KEYS = ["name", "kind", "state", "reason", "fraction", "progress_text", "eta_s",
  "is_runnable", "formats", "has_code", "problem"];
const BUSY = ["stale", "queued", "running"];
// JupyterLab's keys act on whole cells ("x" cuts one): not while something of ours has the focus.
// It looks from the focused element upwards, so each one must say so itself.
const OURS = { "data-lm-suppress-shortcuts": "true" };
const FORMATS = { json: "JSON", csv: "CSV", png: "PNG image", ipynb: "Notebook (.ipynb)" };
const PATHS = {
  run: "M4 2.5 11.5 7 4 11.5z",
  cancel: "M3.5 3.5h7v7h-7z",
  download: "M7 1.8v7M4 6l3 3 3-3M2.3 12h9.4",
  code: "M4.8 3.5 1.5 7l3.3 3.5M9.2 3.5 12.5 7l-3.3 3.5",
  close: "M3.5 3.5l7 7M10.5 3.5l-7 7",
};

function make(tag, name, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  element.className = name;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

function icon(path, size) {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  drawn.setAttribute("viewBox", `0 0 ${size} ${size}`);
  drawn.setAttribute("aria-hidden", "true");
  drawn.append(document.createElementNS(space, "path"));
  drawn.firstChild.setAttribute("d", path);
  return drawn;
}

function button(name, label, act) {
  const made = make("button", `nbnodes-button nbnodes-${name}`, { type: "button", ...OURS });
  if (PATHS[name]) made.append(icon(PATHS[name], 14));
  rename(made, label);
  made.addEventListener("click", (event) => {
    if (event.detail < 2) act(event); // the second half of a double click is for nobody
  });
  return made;
}

function rename(made, label) {
  if (made.title === label) return;
  made.title = label;
  made.setAttribute("aria-label", label);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.title = text;
}

function wait(seconds) {
  if (seconds < 1) return "less than 1 s left";
  if (seconds < 90) return `about ${Math.round(seconds)} s left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

function save(name, mime, content) {
  const link = make("a", "", { download: name });
  link.href = URL.createObjectURL(new Blob([content], { type: mime }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A menu in the top layer: no scrolling box around the card can cut it off.
function menu(opener, choose) {
  const list = make("div", "nbnodes-menu", { role: "menu", "aria-label": "Download as" });
  list.popover = "auto";
  opener.popoverTargetElement = list;
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  const hide = () => list.hidePopover();
  const place = () => {
    const at = opener.getBoundingClientRect();
    const below = at.bottom + 4 + list.offsetHeight <= innerHeight;
    list.style.top = `${below ? at.bottom + 4 : Math.max(4, at.top - 4 - list.offsetHeight)}px`;
    list.style.left = `${Math.max(4, at.right - list.offsetWidth)}px`;
  };
  list.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    opener.setAttribute("aria-expanded", String(open));
    (open ? addEventListener : removeEventListener)("scroll", hide, true);
    if (!open) return;
    place();
    list.firstChild?.focus();
  });
  opener.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    if (list.matches(":popover-open")) list.firstChild?.focus();
    else list.showPopover();
  });
  list.addEventListener("keydown", (event) => {
    const items = [...list.children];
    const at = items.indexOf(event.target);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: -1 + items.length };
    if (event.key === "Tab") return hide();
    if (!(event.key in next)) return;
    event.preventDefault();
    items[next[event.key] % items.length].focus();
  });
  list.fill = (formats) => {
    if (list.dataset.formats === formats.join()) return;
    list.dataset.formats = formats.join();
    list.replaceChildren(...formats.map((format) => {
      const item = make("button", "nbnodes-item",
        { type: "button", role: "menuitem", tabindex: "-1", ...OURS }, FORMATS[format] ?? format.toUpperCase());
      item.dataset.format = format;
      item.addEventListener("click", () => { hide(); opener.focus(); choose(format); });
      return item;
    }));
  };
  return list;
}

async function copy(text, source) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // a page without https may not use the clipboard, but may copy what is selected
    getSelection().selectAllChildren(source);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
}

function render({ model, el }) {
  const get = (key) => model.get(key);
  const ask = (action, more = {}) => model.send({ do: action, ...more });
  let awaited = 0; // files that this view asked for, of all views in all windows
  let eta = null, heard = 0, clock = 0, due = false;

  const kind = make("span", "nbnodes-kind", { role: "img" });
  const name = make("span", "nbnodes-name");
  const word = make("span", "nbnodes-word");
  const chip = make("span", "nbnodes-chip", {}, word);
  const reason = make("span", "nbnodes-reason");
  const status = make("div", "nbnodes-status", { role: "status", "aria-live": "polite" }, chip, " ", reason);
  const meter = make("span", "nbnodes-meter");
  const line = make("div", "nbnodes-line", { role: "progressbar", "aria-label": "Progress" }, make("i", ""));

  const run = button("run", "Run", () => ask("run"));
  const cancel = button("cancel", "Cancel", () => ask("cancel"));
  const download = button("download", "Download", () => {});
  const choices = menu(download, (format) => { awaited += 1; ask("download", { format }); });
  const code = button("code", "Show code", () => {
    if (panel.hidden) ask("code");
    else unfold(false);
  });
  const buttons = make("div", "nbnodes-buttons", {},
    make("span", "nbnodes-slot", {}, run, cancel), download, code);

  const source = make("code", "");
  const pre = make("pre", "", { tabindex: "0", ...OURS }, source);
  const copier = button("copy", "Copy code", async () => {
    await copy(source.textContent, source);
    copier.textContent = "Copied";
    setTimeout(() => { copier.textContent = "Copy"; }, 1500);
  });
  copier.textContent = "Copy";
  const panel = make("div", "nbnodes-code-panel", { role: "region" }, copier, pre);
  const message = make("span", "");
  const dismiss = button("close", "Dismiss", () => { model.set("problem", ""); model.save_changes(); });
  const problem = make("div", "nbnodes-problem", { role: "alert" });
  panel.hidden = problem.hidden = true;

  const root = make("div", "nbnodes-header", { role: "group" },
    kind, name, status, meter, buttons, line, choices);
  el.append(root, problem, panel);

  function unfold(open) {
    panel.hidden = !open;
    code.setAttribute("aria-expanded", String(open));
    rename(code, open ? "Hide code" : "Show code");
  }

  function drawProgress(running) {
    const fraction = get("fraction");
    const left = eta === null ? null : Math.max(0, eta - (performance.now() - heard) / 1000);
    const told = running ? [get("progress_text"), left === null ? "" : wait(left)] : [];
    say(meter, told.filter(Boolean).join(" · "));
    line.hidden = !running;
    line.classList.toggle("nbnodes-unknown", fraction === null);
    if (fraction === null) line.removeAttribute("aria-valuenow");
    else line.setAttribute("aria-valuenow", String(Math.round(fraction * 100)));
    line.firstChild.style.transform = fraction === null ? "" : `scaleX(${fraction})`;
    if (running && eta !== null) clock ||= setInterval(() => drawProgress(true), 1000);
    else clock = clearInterval(clock) ?? 0;
  }

  function drawButtons(state) {
    const stoppable = state === "queued" || state === "running";
    const focused = root.getRootNode().activeElement;
    run.hidden = stoppable || !get("is_runnable");
    cancel.hidden = !stoppable;
    rename(run, ["failed", "cancelled", "fresh"].includes(state) ? "Run again" : "Run");
    if (focused === run && run.hidden && stoppable) cancel.focus();
    if (focused === cancel && cancel.hidden && !run.hidden) run.focus();
    choices.fill(get("formats"));
    download.hidden = !get("formats").length;
    code.hidden = !get("has_code");
    if (code.hidden) unfold(false);
  }

  function draw() {
    due = false;
    const state = get("state");
    root.dataset.node = get("name");
    root.setAttribute("aria-label", `${get("name")} (${get("kind")})`);
    root.setAttribute("aria-busy", String(BUSY.includes(state)));
    panel.setAttribute("aria-label", `Code of ${get("name")}`);
    say(name, get("name"));
    if (kind.title !== get("kind")) {
      kind.title = get("kind");
      kind.setAttribute("aria-label", get("kind"));
      kind.replaceChildren(icon(ICONS.kinds[get("kind")], 14));
    }
    if (root.dataset.state !== state) {
      root.dataset.state = state;
      chip.replaceChildren(icon(ICONS.states[state], 12), word);
    }
    if (word.textContent !== state) word.textContent = state;
    say(reason, get("reason"));
    chip.title = [state, get("reason")].filter(Boolean).join(": ");
    drawProgress(state === "running");
    drawButtons(state);
    if (message.textContent !== get("problem")) {
      say(message, get("problem"));
      problem.replaceChildren(message, dismiss);
      if (get("problem")) awaited = 0;
    }
    problem.hidden = !get("problem");
  }

  const hear = () => { // one drawing for all that changed together
    if (!due) queueMicrotask(draw);
    due = true;
  };
  const hearEta = () => { eta = get("eta_s"); heard = performance.now(); };
  const hearMessage = (content, buffers) => {
    if (content.show === "file" && awaited > 0) {
      awaited -= 1;
      save(content.name, content.mime, buffers[0]);
    } else if (content.show === "code") {
      source.textContent = content.text;
      source.dataset.language = content.language;
      unfold(true);
    }
  };
  model.on("change:eta_s", hearEta);
  for (const key of KEYS) model.on(`change:${key}`, hear);
  model.on("msg:custom", hearMessage);
  hearEta();
  unfold(false);
  draw();
  return () => {
    clearInterval(clock);
    model.off("change:eta_s", hearEta);
    for (const key of KEYS) model.off(`change:${key}`, hear);
    model.off("msg:custom", hearMessage);
  };
}

export default { render };
