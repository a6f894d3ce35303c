"use strict";
// A word lights up the fixations of its time; arrow keys go from word to word.
document.addEventListener("DOMContentLoaded", () => {
  const light = (word) => {
    const reader = word.closest(".reader");
    const circles = reader.querySelectorAll(".fixations circle");
    const layer = reader.querySelector(".fixations");
    const told = reader.querySelector(".told");
    reader.querySelectorAll(".lit").forEach((one) => one.classList.remove("lit"));
    word.classList.add("lit");
    const range = word.dataset.f ? word.dataset.f.split("-").map(Number) : null;
    if (layer) { layer.classList.toggle("lights", Boolean(range)); }
    if (range) {
      for (let n = range[0]; n <= range[1]; n += 1) { circles[n].classList.add("lit"); }
    }
    const count = range ? range[1] - range[0] + 1 : 0;
    told.textContent = word.dataset.t + ": " + (count ? count + (count > 1 ? " fixations" : " fixation") : "no fixation") + " meanwhile";
  };
  const dark = (reader) => {
    reader.querySelectorAll(".lit").forEach((one) => one.classList.remove("lit"));
    const layer = reader.querySelector(".fixations");
    if (layer) { layer.classList.remove("lights"); }
  };
  document.querySelectorAll(".words").forEach((words) => {
    words.addEventListener("mouseover", (event) => {
      if (event.target.dataset.t) { light(event.target); }
    });
    words.addEventListener("mouseleave", () => dark(words.closest(".reader")));
    words.addEventListener("focusin", (event) => { light(event.target); });
    words.addEventListener("focusout", () => dark(words.closest(".reader")));
    words.addEventListener("click", (event) => { if (event.target.dataset.t) { event.target.focus(); } });
    words.addEventListener("keydown", (event) => {
      const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
      const next = step && event.target[step];
      if (next) {
        event.preventDefault();
        event.target.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    });
  });
});
