/* Search over everything: arrows choose, Enter opens, even when it comes before the results do. */
(() => {
  "use strict";
  const INPUT = "[data-omnibox-input]";
  let enterWaits = false;
  let resultsAreOld = false;

  const options = (form) => [...form.querySelectorAll("[data-option]")];
  const choose = (form, index) => {
    const rows = options(form);
    rows.forEach((row, at) => row.classList.toggle("is-active", at === index));
    rows[index]?.scrollIntoView({ block: "nearest" });
  };
  const onResults = (results, ctx) => {
    const form = results.closest(".omnibox-form");
    const query = ctx.request.body?.get?.("q");
    if (query != null && query !== form.querySelector(INPUT).value) return;
    resultsAreOld = false;
    choose(form, 0);
    if (enterWaits) form.querySelector(".is-active")?.click();
    enterWaits = false;
  };
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target?.matches?.(".omnibox-results")) onResults(ctx.target, ctx);
  });
  document.addEventListener("input", ({ target }) => {
    if (target.matches(INPUT)) [resultsAreOld, enterWaits] = [true, false];
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !event.target.matches(INPUT)) return;
    const form = event.target.closest(".omnibox-form");
    const rows = options(form);
    const at = rows.findIndex((row) => row.classList.contains("is-active"));
    if (event.key === "ArrowDown") choose(form, Math.min(at + 1, rows.length - 1));
    else if (event.key === "ArrowUp") choose(form, Math.max(at - 1, 0));
    else if (event.key === "Enter" && resultsAreOld) enterWaits = true;
    else if (event.key === "Enter" && at >= 0) rows[at].click();
    else return;
    event.preventDefault();
  });
})();
