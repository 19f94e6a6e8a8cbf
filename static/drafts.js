/* What stands half typed in the forms goes to the server, sealed for its own person, and comes back to them. */
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);
  const NOT_KEPT = "[type=hidden], [type=password], [type=file], [type=submit], [type=button]";
  const token = find("#session-token")?.content;
  if (!token) return;

  const here = () => location.pathname + location.search;
  const changed = (field) =>
    field.matches("[type=checkbox], [type=radio]")
      ? field.checked !== field.defaultChecked
      : field.tagName === "SELECT"
        ? [...field.options].some((option) => option.selected !== option.defaultSelected && find("[selected]", field))
        : field.matches("input, textarea") && field.value !== field.defaultValue;
  const kept = (form) => [...form.elements].filter((field) => field.name && field.matches("input, select, textarea") && !field.matches(NOT_KEPT));
  const values = (form) =>
    kept(form)
      .filter((field) => !field.matches("[type=checkbox], [type=radio]") || field.checked)
      .map((field) => [field.name, field.value]);
  const place = (form) => form.closest("#dialog")?.dataset.from || here();
  const collect = () => {
    const forms = [...document.forms].filter((form) => !form.matches("[role=search], [data-calm], [data-leaves]") && kept(form).some(changed));
    const path = forms.length ? place(forms[0]) : here();
    return {
      path,
      forms: forms.filter((form) => place(form) === path).map((form) => ({ action: form.getAttribute("action"), fields: values(form) })),
    };
  };
  const fill = ({ action, fields }) => {
    const form = [...document.forms].find((each) => each.getAttribute("action") === action);
    if (!form) return false;
    const left = fields.map((pair) => [...pair]);
    for (const field of kept(form)) {
      if (field.matches("[type=checkbox], [type=radio]")) {
        field.checked = fields.some(([name, value]) => name === field.name && value === field.value);
        continue;
      }
      const at = left.findIndex(([name]) => name === field.name);
      if (at >= 0) field.value = left.splice(at, 1)[0][1];
    }
    return true;
  };
  const send = (address, values) =>
    fetch(address, { method: "POST", body: new URLSearchParams({ csrf_token: token, ...values }) }).catch(() => null);
  const take = (path) => send("/session/draft/take", { path });

  let warned = "";
  document.addEventListener("session:warned", () => {
    const draft = collect();
    if (!draft.forms.length) return;
    warned = draft.path;
    send("/session/draft", { draft: JSON.stringify(draft) });
  });
  document.addEventListener("session:stayed", () => {
    if (warned) take(warned);
    warned = "";
  });
  addEventListener("submit", ({ target }) => {
    if (!target.matches("[data-switches]")) return;
    find("[name=draft]", target).value = JSON.stringify(collect());
    setTimeout(() => document.documentElement.classList.add("is-locked"));
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target?.id === "dialog" && ctx.request.method === "GET") ctx.target.dataset.from = ctx.request.action;
  });
  const restore = async () => {
    const answer = await take(here());
    if (answer?.status !== 200) return;
    const { forms } = await answer.json();
    if (forms.map(fill).some(Boolean)) find("#toasts").append(find("#toast-draft").content.firstElementChild.cloneNode(true));
  };
  if (find("meta[name=anteroom-draft]")) restore();
})();
