// Light, dark, or as the system has it: decided before anything is drawn, remembered here.
{
  const SCHEMES = ["auto", "light", "dark"];
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("nbnodes-scheme"); } catch { return null; } };
  let scheme = SCHEMES.includes(kept()) ? kept() : "auto";
  root.dataset.scheme = scheme;

  function tell() {
    document.getElementById("nb-scheme").textContent = `Theme: ${scheme}`;
  }
  addEventListener("DOMContentLoaded", tell);
  addEventListener("click", (event) => {
    if (event.target.id !== "nb-scheme") return;
    scheme = SCHEMES[(SCHEMES.indexOf(scheme) + 1) % SCHEMES.length];
    root.dataset.scheme = scheme;
    try { localStorage.setItem("nbnodes-scheme", scheme); } catch { /* private: it holds while the page is open */ }
    tell();
  });
}
