// Light, dark, or as the system has it: decided before anything is drawn, remembered here.
{
  const SCHEMES = ["auto", "light", "dark"];
  const { dataset } = document.documentElement;
  let kept = {};
  try { kept = localStorage; } catch { /* refused: it holds while the page is open */ }
  const tell = () => { document.getElementById("nb-scheme").textContent = `Theme: ${dataset.scheme}`; };
  dataset.scheme = kept["nbnodes-scheme"] ?? "auto";
  addEventListener("DOMContentLoaded", tell);
  addEventListener("click", ({ target }) => {
    if (target.id !== "nb-scheme") return;
    dataset.scheme = kept["nbnodes-scheme"] = SCHEMES[(SCHEMES.indexOf(dataset.scheme) + 1) % 3];
    tell();
  });
}
