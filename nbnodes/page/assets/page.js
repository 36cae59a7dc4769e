
// ---- the page: controls, cards, and one socket between them and the server

const BUSY = ["stale", "queued", "running"];
const STATE_DELAY_MS = 150; // what is over sooner never shows
const FAST_MS = 100; // models that answer sooner follow every move; slower ones wait
const QUIET_MS = 150; // for people to rest,
const LONGEST_MS = 2000; // but no longer than this
const WRITE_MS = 100; // browsers refuse to write the address more often
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [250, 5000];
const page = document.body.dataset;
const byId = (id) => document.getElementById(id);
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

// ---- values: a change after a rest goes at once; while one is awaited, the newest wait

const form = byId("nb-form");
const controls = form ? controlsIn(form, changed) : {};
const entries = () => Object.values(controls).map((one) => [one.address, one.value]);
const isKept = ([name, value]) => !same(value, controls[name].known.default);
const isSecret = ([name]) => controls[name].known.kind === "password";
let socket, seq = 0, awaited = 0, pending = {}, quiet, writing;
let sentAt = -1e9, changedAt = -1e9, wroteAt = -1e9, pace = 0; // ms; `pace`: how long the last answer took

function changed(control) {
  pending[control.address] = control.value;
  clearTimeout(quiet);
  const now = performance.now();
  writing ??= setTimeout(writeAddress, wroteAt + WRITE_MS - now); // it may be loaded again at once
  const isMoving = now - changedAt < QUIET_MS;
  changedAt = now;
  if (!awaited && (pace < FAST_MS || !isMoving)) sendValues();
  else quiet = setTimeout(sendValues, awaited ? QUIET_MS : Math.min(QUIET_MS, sentAt + LONGEST_MS - now));
}
const isOpen = () => socket?.readyState === WebSocket.OPEN;
const send = (message) => isOpen() && socket.send(JSON.stringify(message));
function sendValues() {
  clearTimeout(quiet);
  if (!isOpen() || !Object.keys(pending).length) return;
  awaited = ++seq;
  sentAt = performance.now();
  send({ type: "set", seq, values: pending });
  pending = {};
}
function release(answered) {
  if (!awaited || answered < awaited) return;
  awaited = 0;
  pace = performance.now() - sentAt;
  if (pace < FAST_MS) sendValues();
}
addEventListener("pointerup", () => setTimeout(sendValues)); // a handle that is let go rests

// ---- the address says what differs from the defaults

const address = () => {
  const query = asQuery(entries().filter((one) => isKept(one) && !isSecret(one)));
  return location.pathname + (query && `?${query}`);
};
let written = location.search;
function writeAddress() {
  writing = clearTimeout(writing);
  wroteAt = performance.now();
  history.replaceState(null, "", address() + location.hash);
  written = location.search;
}
addEventListener("popstate", () => { if (location.search !== written) location.reload(); });

// ---- the socket: it comes back by itself, and tells what is set and shown

let delay = FIRST_RETRY_MS, again, isGone;
function connect() {
  clearTimeout(again);
  const url = new URL(page.live, location);
  url.protocol = url.protocol.replace("http", "ws");
  const mine = socket = new WebSocket(url);
  mine.onopen = () => {
    [seq, awaited, pending] = [0, 0, {}];
    const shown = Object.values(cards).map(({ name, root }) => [name, root.dataset.key]);
    send({ type: "hello", values: Object.fromEntries(entries()), shown: Object.fromEntries(shown) });
    tell("");
  };
  mine.onmessage = ({ data }) => {
    delay = FIRST_RETRY_MS;
    const message = JSON.parse(data);
    hears[message.type]?.(message);
  };
  mine.onclose = () => {
    if (mine !== socket || isGone) return;
    tell("Not connected: what is shown may be old. Connecting again…", true);
    again = setTimeout(connect, delay * (0.5 + Math.random() / 2));
    delay = Math.min(2 * delay, LAST_RETRY_MS);
  };
}
for (const moment of ["online", "pageshow", "focus"]) {
  addEventListener(moment, () => { if (!isGone && socket?.readyState === WebSocket.CLOSED) connect(); });
}
function tell(text, isCut = false) {
  say(byId("nb-status"), text);
  document.documentElement.classList.toggle("nb-cut", isCut);
}

const hears = {
  states: ({ cards: moved }) => {
    for (const [name, standing] of Object.entries(moved)) cards[name]?.stand(standing);
  },
  show: ({ seq: answered, cards: shown }) => {
    const here = Object.entries(shown).filter(([name]) => name in cards);
    const fresh = here.map(([name, one]) => [cards[name], one, parsed(one.html)]);
    for (const [card, one, content] of fresh) card.show(one, content); // all at once
    if (fresh.length) say(byId("nb-aloud"), `Updated: ${fresh.map(([card]) => card.title).join(", ")}`);
    release(answered);
  },
  graph: ({ svg }) => drawGraph(parsed(svg).firstChild),
  refused: ({ seq: answered, problems }) => {
    for (const [name, text] of Object.entries(problems)) controls[name]?.refuse(text);
    if (Object.values(problems).some(Boolean)) release(answered);
  },
  reload: () => location.replace(address()),
  gone: ({ reason }) => {
    isGone = reason !== "closing";
    if (isGone) tell(`This page is not served any more: ${reason}`, true);
  },
};

// ---- cards

const FOCUSABLE = "a,button,summary,input,select,textarea,iframe,[tabindex]";
const WORDS = JSON.parse(page.formats);
function makeCard(root) {
  const part = partIn(root);
  const [run, stop] = ["run", "stop"].map((act) => root.querySelector(`[data-act="${act}"]`));
  const body = part("body"), list = part("formats");
  const card = { name: root.dataset.card, root };
  card.title = root.querySelector("h2").textContent;
  const feeds = JSON.parse(root.dataset.feeds);
  const standing = {};
  card.entries = () => entries().filter(([name]) => feeds.includes(name));
  let html = "", due;

  card.stand = (moved) => {
    const { state } = Object.assign(standing, moved);
    const isBusy = root.ariaBusy = BUSY.includes(state);
    if (isBusy && !BUSY.includes(root.dataset.state)) due ||= setTimeout(drawStanding, STATE_DELAY_MS);
    else drawStanding();
  };
  function drawStanding() {
    due = clearTimeout(due);
    const { state, reason, fraction = null, progress, left_s: left } = standing;
    if (state === "failed" && root.dataset.state !== state) say(byId("nb-aloud"), `${card.title} failed`);
    root.dataset.state = state;
    part("icon").setAttribute("href", `#nb-icon-${state}`);
    say(part("state"), state);
    say(part("reason"), reason ?? "");
    part("note").hidden = /^computed/.test(reason); // that says it, too
    const bar = part("bar");
    bar.parentNode.hidden = state !== "running";
    bar.ariaValueNow = fraction && Math.round(100 * fraction);
    bar.firstChild.style.transform = fraction === null ? "" : `scaleX(${fraction})`;
    const wait = left != null && `about ${Math.ceil(left)} s left`;
    say(part("progress"), [progress, wait].filter(Boolean).join(" · "));
    say(run, "manual" in root.dataset && state === "stale" ? "Run" : "Run again");
    const isOver = state !== "queued" && state !== "running";
    if (isOver && document.activeElement === stop) run.focus();
    stop.hidden = isOver;
  }
  // New content for the old: focus, tab, folds, scrolling and frames' heights stay.
  card.show = (one, content) => {
    root.dataset.key = one.key ?? "";
    say(part("note"), one.note ?? "");
    list.dataset.formats = (one.formats ?? []).join(" ");
    list.parentNode.hidden = !list.dataset.formats;
    if (one.html === html) return;
    html = one.html;
    const all = (what) => found(body, what);
    const focused = document.activeElement, isInside = body.contains(focused);
    const at = all(FOCUSABLE).indexOf(focused);
    const tab = all('[aria-selected="true"]')[0]?.textContent;
    const heights = all("iframe").map((frame) => frame.style.height);
    const scrolls = all(".nb-block").map((block) => [block.scrollLeft, block.scrollTop]);
    const opened = all("details").map((fold) => fold.open);
    body.replaceChildren(...content.childNodes);
    all("iframe").forEach((frame, n) => { frame.style.height = heights[n] ?? ""; });
    all("details").forEach((fold, n, { length }) => { if (length === opened.length) fold.open = opened[n]; });
    choose(all('[role="tab"]').find((other) => other.textContent === tab));
    all(".nb-block").forEach((block, n) => block.scrollTo(...scrolls[n] ?? [0, 0]));
    if (isInside) (all(FOCUSABLE)[at] ?? root).focus({ preventScroll: true });
  };
  card.fillFormats = () => {
    const query = asQuery(card.entries().filter(isKept));
    list.replaceChildren(...list.dataset.formats.split(" ").map((format) => make("a", WORDS[format] ?? format, {
      href: `${root.dataset.run}?${query}${query && "&"}format=${format}`,
      download: "",
    })));
  };
  return card;
}
function parsed(html) {
  const place = document.createElement("div");
  place.setHTMLUnsafe(html); // with shadow roots
  for (const image of found(place, "img")) image.decoding = "sync"; // no empty frame between
  return place;
}
const cards = Object.fromEntries(found(document, "[data-card]").map((root) => [root.dataset.card, makeCard(root)]));

const acts = {
  reset: () => { for (const { settle, known } of Object.values(controls)) settle(known.default); },
  link: (_, button) => copy(location.origin + address(), button),
  run: ({ name }) => { sendValues(); send({ type: "run", cards: [name] }); },
  stop: ({ name }) => { awaited = 0; send({ type: "stop", cards: [name] }); },
  curl: ({ root, entries: values }, button) => {
    const told = values().map((one) => [one[0], isSecret(one) ? "***" : one[1]]);
    copy(curlLine(root.dataset.run, told, "guarded" in page), button);
  },
};
const cardOf = (element) => cards[element.closest("[data-card]")?.dataset.card];
addEventListener("click", (event) => {
  const { target } = event, button = target.closest("[data-act]");
  if (button) {
    event.preventDefault();
    acts[button.dataset.act](cardOf(button), button);
  }
  if (target.role === "tab") choose(target);
  for (const menu of found(document, ".nb-menu[open]")) {
    if (target.localName === "a" || !menu.contains(target)) menu.open = false;
  }
});
addEventListener("toggle", ({ target }) => {
  if (target.matches(".nb-menu[open]")) cardOf(target).fillFormats();
}, true);
form?.addEventListener("submit", (event) => event.preventDefault());

// ---- tabs, the graph, and keys

function choose(tab) {
  for (const other of tab?.parentNode.children ?? []) {
    other.ariaSelected = other === tab;
    other.tabIndex = other === tab ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
}
const graph = byId("nb-graph");
function drawGraph(svg) { // a node leads to its card
  const focused = graph.contains(document.activeElement) && document.activeElement.dataset.node;
  graph.replaceChildren(svg);
  svg.role = "group";
  for (const node of found(graph, "[data-node]")) {
    Object.assign(node, { role: "link", tabIndex: 0, ariaLabel: node.querySelector("title").textContent });
    if (node.dataset.node === focused) node.focus();
  }
}
function goTo(node) {
  const { root } = cards[node?.dataset.node] ?? {};
  const fold = root?.closest("details");
  if (fold) fold.open = true;
  root?.focus();
}
if (graph) drawGraph(graph.firstElementChild);
graph?.addEventListener("click", ({ target }) => goTo(target.closest("[data-node]")));

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
addEventListener("keydown", (event) => {
  const { key, target } = event;
  const menu = key === "Escape" && target.closest(".nb-menu[open]");
  if (menu) {
    menu.open = false;
    menu.firstChild.focus();
  }
  if (target.role === "tab" && key in STEPS) {
    const row = [...target.parentNode.children];
    const next = row[Math.min(Math.max(row.indexOf(target) + STEPS[key], 0), row.length - 1)];
    choose(next);
    next.focus();
  } else if (target.dataset?.node && key === "Enter") goTo(target);
  else return;
  event.preventDefault();
});

// ---- frames say how high they are, and hear which colours the page has

addEventListener("message", ({ source, data }) => {
  const height = data?.["nbnodes-height"];
  const frame = found(document, ".nb-frame").find((one) => one.contentWindow === source);
  if (!frame || !(height > 0)) return;
  frame.style.height = `${Math.min(Math.ceil(height), 20000)}px`;
  const { scheme } = document.documentElement.dataset;
  if (scheme !== "auto") source.postMessage({ "nbnodes-scheme": scheme }, "*");
});

// ---- on a narrow screen many controls begin folded

if (innerWidth <= 760 && form?.elements.length > 6) form.parentNode.open = false;
if (page.live) connect();
