/* The panel that takes a payment says at once what its button will do. The server counts again; without this the sums
   are those of the page as it came. */
(() => {
  "use strict";
  const find = (selector, root) => root.querySelector(selector);
  const all = (selector, root) => [...root.querySelectorAll(selector)];
  const cents = (text) => {
    const plain = text.trim().replace(/^[^\d.(\u2212-]{1,3}/, "").replaceAll(",", "");
    return /^(\d+\.?\d{0,2}|\.\d{1,2})$/.test(plain) ? Math.round(Number(plain) * 100) : 0;
  };
  const typed = (amount) => (amount % 100 ? (amount / 100).toFixed(2) : String(amount / 100));
  const write = (place, text) => place && place.textContent !== text && (place.textContent = text);

  const money = (form, amount) =>
    new Intl.NumberFormat("en-US", { style: "currency", currency: form.dataset.currency }).format(amount / 100);
  const chosen = (form) =>
    all("[name=pays]:checked", form).reduce((sum, box) => sum + Number(box.dataset.cents), 0);

  const show = (form) => {
    const amount = cents(find("[data-pay-amount]", form).value);
    const how = find("[name=how]:checked", form);
    const after = Number(form.dataset.owes) - Math.min(amount, chosen(form));
    write(find("[data-pay-this]", form), `\u2212${money(form, amount)}`);
    write(find("[data-pay-after]", form), money(form, Math.max(0, after)));
    if (how) write(find("[data-pay-button]", form), how.dataset.button.replace("{}", money(form, amount)));
    const got = cents(find("[data-pay-tendered]", form).value);
    write(find("[data-pay-change]", form), got > amount ? money(form, got - amount) : "");
    const pays = all("[name=pays]:checked", form).map((box) => box.value).join(" ");
    all("[data-pay-chip]", form).forEach((chip) => {
      const on = cents(chip.dataset.payChip) === amount && chip.dataset.pays === pays;
      if (on) chip.setAttribute("aria-current", "true");
      else chip.removeAttribute("aria-current");
    });
  };

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-pay-chip]");
    const form = chip?.closest("[data-pay]");
    if (!form || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const pays = chip.dataset.pays.split(" ");
    all("[name=pays]", form).forEach((box) => (box.checked = pays.includes(box.value)));
    const field = find("[data-pay-amount]", form);
    field.value = chip.dataset.payChip;
    form.dataset.whole = String(chosen(form));
    show(form);
    field.focus();
  });
  document.addEventListener("input", ({ target }) => {
    const form = target.closest("[data-pay]");
    if (!form) return;
    const field = find("[data-pay-amount]", form);
    // Whoever pays all of what is ticked goes on paying all of it.
    if (target.name === "pays" && cents(field.value) === Number(form.dataset.whole)) field.value = typed(chosen(form));
    form.dataset.whole = String(chosen(form));
    show(form);
  });
  /* A second press while the first one is on its way; the server would count it once, too. */
  document.addEventListener("submit", ({ target, submitter }) => {
    if (!target.matches("[data-pay]")) return;
    setTimeout(() => submitter && (submitter.disabled = true));
  });
  addEventListener("pageshow", () => all("[data-pay]", document).forEach((form) => {
    all("button", form).forEach((button) => (button.disabled = false));
    form.dataset.whole = String(chosen(form));
    show(form);
  }));
})();
