// Lines that come in at the end and go at the beginning; whoever reads the end stays there.

function render({ model, el }) {
  const list = document.createElement("div");
  list.className = "nbnodes-log";
  list.setAttribute("role", "log");
  list.setAttribute("aria-label", model.get("label"));
  list.tabIndex = 0;
  list.dataset.lmSuppressShortcuts = "true";
  el.append(list);
  let first = 0; // the number of the first line that is shown

  function draw() {
    const [from, lines] = model.get("lines");
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    const until = first + list.childElementCount;
    if (from < first || from >= until) list.replaceChildren();
    else for (let gone = from - first; gone > 0; gone -= 1) list.firstChild.remove();
    first = from;
    const known = list.childElementCount;
    list.append(...lines.slice(known).map((text) => {
      const line = document.createElement("div");
      line.textContent = text;
      return line;
    }));
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  model.on("change:lines", draw);
  draw();
  requestAnimationFrame(() => { list.scrollTop = list.scrollHeight; });
  return () => model.off("change:lines", draw);
}

export default { render };
