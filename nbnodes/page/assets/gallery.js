// The gallery's search: every word must be found in an entry.
{
  const field = document.getElementById("nb-search");
  const entries = [...document.querySelectorAll("#nb-gallery > li")];
  const texts = entries.map((one) => one.textContent.toLowerCase());
  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/);
    entries.forEach((one, at) => { one.hidden = !words.every((word) => texts[at].includes(word)); });
    const count = entries.filter((one) => !one.hidden).length;
    document.getElementById("nb-found").textContent = field.value.trim() ? `${count} of ${entries.length}` : "";
  };
  field.addEventListener("input", search);
  search();
}
