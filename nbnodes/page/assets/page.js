
// ---- the page: controls, cards, and one socket between them and the server

const BUSY = ["stale", "queued", "running"];
const STATE_DELAY_MS = 150; // what is over sooner never shows
const FAST_MS = 100; // models that answer sooner follow each move
const QUIET_MS = 150; // for people to rest,
const LONGEST_MS = 2000; // but no longer than this
const WRITE_MS = 125; // browsers let us write 100 addresses in 10 s; 20 at once
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [250, 5000];
const page = document.body.dataset;
const byId = (id) => document.getElementById(id);
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

// ---- values: a change after a rest goes at once; while one is awaited, the newest wait

const form = byId("nb-form");
const controls = form ? controlsIn(form, changed) : {};
const listed = Object.values(controls);
const isKept = ({ value, known }) => !same(value, known.default);
const RESERVED = ["token", "_xsrf"]; // no parameters in an address: rest/given.py
let socket, seq = 0, awaited = 0, pending = {}, quiet, writing;
let sentAt = 0, changedAt = 0, writeAt = -1e9, pace = 0; // ms; `pace`: what the last answer took

function changed(control) {
  pending[control.address] = control;
  clearTimeout(quiet);
  const now = performance.now();
  writing ??= setTimeout(writeAddress, writeAt - now); // it may be loaded again at once
  const isMoving = now - changedAt < QUIET_MS;
  changedAt = now;
  if (!awaited && (pace < FAST_MS || !isMoving)) sendValues();
  else quiet = setTimeout(sendValues, awaited ? QUIET_MS : Math.min(QUIET_MS, sentAt + LONGEST_MS - now));
}
const isOpen = () => socket.readyState === WebSocket.OPEN;
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
  const isShown = (one) => isKept(one) && !one.isSecret && !RESERVED.includes(one.address);
  const query = asQuery(listed.filter(isShown));
  return location.pathname + (query && `?${query}`);
};
let written = location.search;
function writeAddress() {
  writing = null;
  writeAt = Math.max(writeAt, performance.now() - 20 * WRITE_MS) + WRITE_MS;
  history.replaceState(null, "", address() + location.hash);
  written = location.search;
}
addEventListener("popstate", () => { if (location.search !== written) location.reload(); });

// ---- the socket: it comes back by itself, and tells what is set and shown

let delay = FIRST_RETRY_MS, isGone;
const closed = () => new Promise((resolve) => {
  socket = new WebSocket(page.live);
  socket.onopen = () => {
    [seq, awaited, pending] = [0, 0, {}];
    send({ type: "hello", values: controls, shown: cards });
    tell("");
  };
  socket.onmessage = ({ data }) => {
    delay = FIRST_RETRY_MS;
    const message = JSON.parse(data);
    hears[message.type]?.(message);
  };
  socket.onclose = resolve;
});
async function connect() {
  for (;;) {
    if (!isGone) await closed();
    if (!isGone) tell("Not connected: what is shown may be old. Connecting again…");
    await new Promise((resolve) => {
      setTimeout(resolve, delay * (0.5 + Math.random() / 2));
      addEventListener("focus", resolve, { once: true });
    });
    delay = Math.min(2 * delay, LAST_RETRY_MS);
    const asked = fetch(location.pathname, { method: "HEAD", redirect: "manual" });
    const { ok, status } = await asked.catch((error) => error); // 0: it leads elsewhere
    if ([0, 401, 403].includes(status) || (ok && isGone)) return hears.reload(); // the login; or it is back
  }
}
function tell(text) {
  say(byId("nb-status"), text);
  document.documentElement.classList.toggle("nb-cut", text !== "");
}

const hears = {
  states: ({ cards: moved }) => { for (const name in moved) cards[name]?.stand(moved[name]); },
  show: ({ seq: answered, cards: shown }) => {
    const fresh = Object.keys(shown).filter((name) => name in cards);
    for (const name of fresh) cards[name].show(shown[name]);
    if (fresh.length) say(byId("nb-aloud"), `Updated: ${fresh.map((name) => cards[name].title).join(", ")}`);
    release(answered);
  },
  graph: ({ svg }) => drawGraph(parsed(svg).firstChild),
  refused: ({ seq: answered, problems }) => {
    for (const name in problems) controls[name]?.refuse(problems[name]);
    if (Object.values(problems).some(Boolean)) release(answered);
  },
  reload: () => location.replace(address()),
  gone: ({ reason }) => {
    isGone = reason !== "closing";
    if (isGone) tell(`This page is not served any more: ${reason}`);
  },
};

// ---- cards

const FOCUSABLE = "a,button,summary,input,select,textarea,iframe,[tabindex]";
const WORDS = JSON.parse(page.formats);
function makeCard(root) {
  const part = partIn(root);
  const [stop, run] = found(root, "[data-act]"); // in order
  const body = part("body"), list = part("formats");
  const card = { name: root.dataset.card, root, toJSON: () => root.dataset.key };
  card.title = root.querySelector("h2").textContent;
  const standing = {};
  card.feeds = listed.filter((one) => JSON.parse(root.dataset.feeds).includes(one.address));
  card.unfold = () => root.closest("details")?.setAttribute("open", "");
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
    if (state === "failed" && root.dataset.state !== state) {
      say(byId("nb-aloud"), `${card.title} failed`);
      card.unfold();
    }
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
    const isByHand = "manual" in root.dataset && state === "stale";
    say(run, isByHand ? "Run" : "Run again");
    const isOver = isByHand || !BUSY.includes(state);
    if (isOver && document.activeElement === stop) run.focus();
    stop.hidden = isOver;
  }
  // New content for the old: focus, tab, folds, scrolling and frames' heights stay.
  card.show = (one) => {
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
    const [frames, folds] = [all("iframe"), all("details")];
    const scrolls = all(".nb-block").map((block) => [block.scrollLeft, block.scrollTop]);
    body.replaceChildren(...parsed(one.html).childNodes);
    all("iframe").forEach((frame, n) => { frame.style.height = frames[n]?.style.height ?? ""; });
    all("details").forEach((fold, n, { length }) => { if (length === folds.length) fold.open = folds[n].open; });
    choose(all('[role="tab"]').find((other) => other.textContent === tab));
    all(".nb-block").forEach((block, n) => block.scrollTo(...scrolls[n] ?? []));
    if (isInside) (all(FOCUSABLE)[at] ?? root).focus({ preventScroll: true });
  };
  card.fillFormats = () => {
    const kept = card.feeds.filter(isKept), query = asQuery(kept);
    const unfit = kept.find((one) => ["format", ...RESERVED].includes(one.address));
    const links = list.dataset.formats.split(" ").map((format) => make("a", WORDS[format], {
      href: `${root.dataset.run}?${query}${query && "&"}format=${format}`,
      download: "",
    }));
    list.replaceChildren(...unfit ? [make("p", `A link cannot set ${unfit.address}: copy as curl`)] : links);
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
  reset: () => { for (const { settle, known } of listed) settle(known.default); },
  link: (_, button) => copy(location.origin + address(), button),
  run: ({ name }) => { sendValues(); send({ type: "run", cards: [name] }); },
  stop: ({ name }) => { awaited = 0; send({ type: "stop", cards: [name] }); },
  curl: ({ root, feeds }, button) => copy(curlLine(root.dataset.run, feeds, "guarded" in page), button),
};
const cardOf = (element) => cards[element.closest("[data-card]")?.dataset.card];
addEventListener("click", (event) => {
  const { target } = event, button = target.closest("[data-act]");
  if (button) {
    event.preventDefault();
    acts[button.dataset.act](cardOf(button), button);
  }
  if (target.role === "tab") choose(target);
  if (target.matches(".nb-menu > summary")) cardOf(target).fillFormats();
  for (const menu of found(document, ".nb-menu[open]")) {
    if (target.localName === "a" || !menu.contains(target)) menu.open = false;
  }
});
addEventListener("submit", (event) => event.preventDefault());

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
  const focused = document.activeElement.dataset.node;
  graph.replaceChildren(svg);
  svg.role = "group";
  for (const node of found(graph, "[data-node]")) {
    Object.assign(node, { role: "link", tabIndex: 0, ariaLabel: node.querySelector("title").textContent });
    if (node.dataset.node === focused) node.focus();
  }
}
function goTo(node) {
  const card = cards[node?.dataset.node];
  card?.unfold();
  card?.root.focus();
}
if (graph) drawGraph(graph.firstElementChild);
graph?.addEventListener("click", ({ target }) => goTo(target.closest("[data-node]")));

addEventListener("keydown", (event) => {
  const { key, target } = event;
  const menu = key === "Escape" && target.closest(".nb-menu[open]");
  if (menu) {
    menu.open = false;
    menu.firstChild.focus();
  }
  const { parentNode: row, nextSibling: ArrowRight, previousSibling: ArrowLeft } = target;
  const next = target.role === "tab" && { ArrowRight, ArrowLeft, Home: row.firstChild, End: row.lastChild }[key];
  if (next) {
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
connect();
