"use strict";
// Arrow keys turn the slides. Without this script they scroll.
(() => {
  const slides = [...document.querySelectorAll(".slide")];
  const shown = () => slides.findLastIndex((slide) => slide.getBoundingClientRect().top < innerHeight / 2);
  const turn = { ArrowRight: (i) => i + 1, ArrowLeft: (i) => i - 1, Home: () => 0, End: () => slides.length - 1 };
  addEventListener("keydown", (event) => {
    if (matchMedia("(max-width: 40rem)").matches) return; // Slides flow into each other there, and drawings scroll.
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !Object.hasOwn(turn, event.key)) return;
    event.preventDefault();
    const next = Math.min(Math.max(turn[event.key](shown()), 0), slides.length - 1);
    slides[next].scrollIntoView();
  });
})();
