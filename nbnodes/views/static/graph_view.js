// A drawing of a graph that stays where it is while its nodes' states and words change.

const LEAST = 0.7; // what is drawn smaller cannot be read: it is scrolled instead
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function parsed(text) {
  const drawn = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return drawn.localName === "svg" ? document.importNode(drawn, true) : null;
}

function tell(group, [state, words, told]) {
  const style = `nb-${state || "plain"}`;
  const text = group.querySelector(".nb-word");
  group.classList.remove(...[...group.classList].filter((one) => one.startsWith("nb-")));
  group.classList.add(style);
  group.setAttribute("aria-label", told);
  const title = group.querySelector("title");
  if (title.textContent !== told) title.textContent = told;
  if (!text || text.parentNode.textContent === words) return;
  group.querySelector(".nb-state").setAttribute("d", ICONS.states[state]);
  const starts = words.startsWith(state);
  text.textContent = starts ? state : "";
  text.parentNode.replaceChildren(text, starts ? words.slice(state.length) : words);
}

function render({ model, el }) {
  const place = document.createElement("div");
  place.className = "nbnodes-graph-place";
  el.append(place);
  let boxes = [];

  function drawAll() {
    const drawn = parsed(model.get("svg"));
    const { scrollLeft, scrollTop } = place;
    place.replaceChildren(...(drawn ? [drawn] : []));
    if (!drawn) return;
    drawn.querySelector("desc")?.remove(); // the boxes speak for themselves here
    drawn.querySelector("title")?.remove();
    drawn.removeAttribute("aria-labelledby");
    drawn.setAttribute("role", "group");
    drawn.setAttribute("aria-label", model.get("_label"));
    drawn.style.minWidth = `${Math.floor(LEAST * drawn.getAttribute("width"))}px`;
    boxes = [...drawn.querySelectorAll("[data-node]")];
    boxes.forEach((box, at) => {
      box.setAttribute("role", "button");
      box.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab's keys act on whole cells
      box.setAttribute("tabindex", at ? "-1" : "0");
    });
    drawStates();
    drawPicked();
    place.scrollTo(scrollLeft, scrollTop);
  }

  function drawStates() {
    const standings = model.get("standings");
    if (standings.length === boxes.length) boxes.forEach((box, at) => tell(box, standings[at]));
  }

  function drawPicked() {
    const picked = model.get("_picked");
    boxes.forEach((box, at) => {
      box.classList.toggle("nbnodes-picked", at === picked);
      box.setAttribute("aria-pressed", String(at === picked));
    });
  }

  function reach(at) {
    boxes.forEach((box, one) => box.setAttribute("tabindex", one === at ? "0" : "-1"));
    boxes[at].focus();
  }

  function pick(one) {
    reach(one);
    model.send({ at: one });
    const name = CSS.escape(boxes[one].getAttribute("data-node"));
    const page = place.closest(".nbnodes-view") ?? document;
    const card = page.querySelector(`.nbnodes-header[data-node="${name}"]`);
    card?.closest(".nbnodes-node")?.scrollIntoView({ block: "nearest" });
  }

  const at = (event) => boxes.indexOf(event.target.closest?.("[data-node]"));
  place.addEventListener("click", (event) => {
    if (at(event) < 0) return;
    pick(at(event));
  });
  place.addEventListener("keydown", (event) => {
    const here = at(event);
    if (here < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") pick(here);
    else if (event.key in STEPS) reach(Math.min(Math.max(here + STEPS[event.key], 0), boxes.length - 1));
    else if (event.key === "Home") reach(0);
    else if (event.key === "End") reach(boxes.length - 1);
    else return;
    event.preventDefault();
  });

  const hears = { "change:svg": drawAll, "change:standings": drawStates, "change:_picked": drawPicked };
  for (const [name, hear] of Object.entries(hears)) model.on(name, hear);
  drawAll();
  return () => {
    for (const [name, hear] of Object.entries(hears)) model.off(name, hear);
  };
}

export default { render };
