"use strict";
// Shows the lines that satisfy every filter, and says how many there are.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".filters");
  const lines = Array.from(document.querySelectorAll("tbody tr"));
  const has = (line, name, value) => !value || line.dataset[name].split("|").includes(value);
  const show = () => {
    const wanted = Object.fromEntries(new FormData(form));
    let count = 0;
    for (const line of lines) {
      const is = line.dataset.id.includes(wanted.id.trim()) &&
        has(line, "dataset", wanted.dataset) && has(line, "kind", wanted.kind) && has(line, "label", wanted.label);
      line.hidden = !is;
      count += is;
    }
    document.querySelector("#count").textContent = count + " of " + lines.length + " patients";
  };
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
});
