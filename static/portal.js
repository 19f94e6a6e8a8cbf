/* What patients' pages add where JavaScript runs: the time that is chosen, said beside the button, and a countdown. */
(() => {
  "use strict";
  const chosen = document.querySelector("[data-chosen]");
  const say = () => {
    const slot = document.querySelector("[data-said]:checked");
    if (!slot || !chosen) return;
    chosen.textContent = slot.dataset.said;
    chosen.classList.add("is-chosen");
  };
  document.addEventListener("change", (event) => event.target.matches("[data-said]") && say());
  /* Back shows the page with what was chosen on it. */
  addEventListener("pageshow", say);

  const holding = document.querySelector("[data-countdown]");
  if (!holding) return;
  const left = holding.querySelector("[data-left]");
  const words = left.textContent.replace(/\d+:\d\d/, "{}");
  /* Seconds as the server counts them: the clock of a telephone may be wrong. A page from memory asks anew. */
  const began = [performance.now(), Date.now()];
  /* One of the two stands still while a telephone sleeps. */
  const passed = () => Math.max(performance.now() - began[0], Date.now() - began[1]) / 1000;
  const show = () => {
    const seconds = Math.max(0, Math.ceil(Number(holding.dataset.countdown) - passed()));
    left.textContent = words.replace("{}", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
    if (seconds) return;
    clearInterval(timer);
    /* A note that is being typed stays: the next press says that the time is over, and keeps the note. */
    if (!document.querySelector("form textarea")?.value) location.reload();
  };
  const timer = setInterval(show, 1000);
  left.hidden = false;
  show();
  addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
