// The head of a view: its title, and what of the page's address could not be used.

function draw(model, element) {
  const inside = [];
  if (model.get("title")) {
    const title = document.createElement("h2");
    title.textContent = model.get("title");
    inside.push(title);
  }
  const problems = model.get("problems");
  if (problems.length) {
    const alert = document.createElement("div");
    alert.className = "nbnodes-alert";
    alert.setAttribute("role", "alert");
    const list = document.createElement("ul");
    for (const problem of problems) {
      const line = document.createElement("li");
      line.textContent = problem;
      list.append(line);
    }
    alert.append("This page's address asks for what cannot be:", list);
    inside.push(alert);
  }
  element.replaceChildren(...inside);
}

export default {
  render({ model, el }) {
    const redraw = () => draw(model, el);
    for (const name of ["title", "problems"]) model.on(`change:${name}`, redraw);
    redraw();
    return () => {
      for (const name of ["title", "problems"]) model.off(`change:${name}`, redraw);
    };
  },
};
