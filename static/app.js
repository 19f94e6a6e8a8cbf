/* What hypermedia cannot say by itself: the clock's tick, dialogs, keys, focus, toasts. Pages work without it. */
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const TICK = 5000;
  const TOAST = 10000;
  /* Each person decides for themselves, also at a desk that several share; the tag says nothing about who it is. */
  const SINGLE_KEYS = `anteroom.single-keys.${document.querySelector('meta[name="anteroom-session"]')?.content.split(" ")[0]}`;
  const root = document.documentElement;

  const openDialog = () => all("dialog[open]").at(-1) || null;
  const isTyping = (element) =>
    element.matches("select, textarea, [contenteditable=true], input:not([type=checkbox], [type=radio], [type=submit], [type=button])");

  /* The tick: pages that want to stay fresh listen with hx-trigger="tick from:body". */
  const changed = (field) =>
    field.matches("[type=checkbox], [type=radio]")
      ? field.checked !== field.defaultChecked
      : field.tagName === "SELECT"
        ? [...field.options].some((option) => option.selected !== option.defaultSelected && all("[selected]", field).length)
        : field.matches("input, textarea") && field.type !== "hidden" && field.value !== field.defaultValue;
  const hasUnsaved = () =>
    [...document.forms].some((form) => !form.matches("[role=search], [data-calm]") && [...form.elements].some(changed));
  const tick = () => {
    if (document.hidden || openDialog() || find(".is-dragging") || hasUnsaved()) return;
    document.body.dispatchEvent(new CustomEvent("tick"));
  };
  setInterval(tick, TICK);
  document.addEventListener("visibilitychange", tick);

  /* Toasts leave by themselves, unless somebody is reading them. */
  const expire = (toast) =>
    setTimeout(() => (toast.matches(":hover, :focus-within") ? expire(toast) : toast.remove()), TOAST);
  const welcome = (toast) => {
    // Only the last change can be put back, so only the last toast offers it.
    if (find("[data-undo]", toast)) all("#toasts [data-undo]").forEach((form) => toast.contains(form) || form.closest("[data-toast]").remove());
    expire(toast);
  };
  const watchToasts = () => {
    const area = find("#toasts");
    if (!area) return;
    all("[data-toast]", area).forEach(welcome);
    new MutationObserver((changes) => changes.forEach((change) =>
      [...change.addedNodes].filter((node) => node.matches?.("[data-toast]")).forEach(welcome))).observe(area, { childList: true });
  };
  const sayTrouble = (context) => {
    const toast = find("#toast-trouble")?.content.firstElementChild.cloneNode(true);
    if (!toast) return;
    all("#toasts .toast-danger").forEach((old) => old.remove());
    find("[data-retry]", toast).addEventListener("click", () => {
      toast.remove();
      const { sourceElement: source, sourceEvent: event, request } = context;
      if (source.matches("form")) source.requestSubmit(request.submitter || undefined);
      else htmx.trigger(source, event.type);
    });
    find("#toasts").append(toast);
  };
  const isTick = (context) => context?.sourceEvent?.type === "tick";
  const markLive = (fresh) => all("[data-live]").forEach((mark) => mark.classList.toggle("is-stale", !fresh));
  const onTrouble = (context) => (isTick(context) ? markLive(false) : context && sayTrouble(context));
  document.addEventListener("htmx:error", (event) => onTrouble(event.detail.ctx));
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => ctx.response.status >= 500 && onTrouble(ctx));

  /* Dialogs and the drawer. */
  const focusIn = (place) => {
    const first = find("input:not([type=hidden]):enabled, select, textarea", place);
    const chosen = first?.type === "radio" && find(`[name="${CSS.escape(first.name)}"]:checked`, place);
    (find("[data-focus]", place) || find("[data-first]", place) || chosen || first)?.focus();
  };
  const open = (dialog, opener) => {
    all("dialog[open]").filter((other) => other !== dialog).forEach((other) => other.close());
    if (!dialog.open) dialog.showModal();
    dialog.dataset.opener = opener?.id || "";
    focusIn(dialog);
  };
  const closeDrawer = (href) => {
    const selected = find(".appt[aria-current], .visit-row[aria-current] a");
    find("#drawer").replaceChildren();
    all(".appt[aria-current], .visit-row[aria-current]").forEach((card) => card.removeAttribute("aria-current"));
    history.replaceState(history.state, "", href);
    selected?.focus();
    tick();
  };
  document.addEventListener("close", ({ target }) => {
    if (target.id === "dialog") target.replaceChildren();
    if (document.activeElement === document.body) (document.getElementById(target.dataset.opener) || find("#main"))?.focus();
    tick();
  }, true);

  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    const target = typeof ctx.target === "string" ? find(ctx.target) : ctx.target;
    if (isTick(ctx)) markLive(ctx.response.status < 400);
    if (!target || ctx.swap === "none") return;
    const dialog = openDialog();
    if (target.matches("dialog")) return open(target, ctx.sourceElement);
    const asked = !isTick(ctx) && !target.matches("[data-by-itself]");
    if (dialog && target.isConnected && !dialog.contains(target) && asked && ctx.response?.status < 400) dialog.close();
    if (target.id === "drawer") {
      all(".appt[aria-current], .visit-row[aria-current]").forEach((card) => card.removeAttribute("aria-current"));
      ctx.sourceElement.closest(".appt, .visit-row")?.setAttribute("aria-current", "true");
    }
    find("[data-focus]", target)?.focus();
  });
  document.addEventListener("close-dialog", () => openDialog()?.close());

  /* Keys. An element says which keys press it: data-key="b", or focus it, if it is a field. What was just said comes first,
     then the page itself. htmx wakes a moment after the page: a key waits for it. */
  const awake = new Promise((resolve) => {
    document.addEventListener("htmx:after:process", resolve, { once: true });
    setTimeout(resolve, 1000);
  });
  awake.then(() => root.classList.add("awake"));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    const scope = openDialog() || document;
    const press = (key) => {
      const pressed = `[data-key~="${CSS.escape(key)}"]`;
      const places = scope === document ? [find("#toasts"), find("#main"), document] : [scope];
      const button = places.flatMap((place) => (place ? all(pressed, place) : [])).find((each) => !each.disabled);
      if (!button) return;
      event.preventDefault();
      if (button.matches("input, select, [data-key-focuses]")) return button.focus();
      // One key at a time until htmx is there: what follows is meant for what the first one opens.
      if (root.matches(".pressed")) return;
      root.classList.add("pressed");
      awake.then(() => (root.classList.remove("pressed"), button.click()));
    };
    if (command && event.key.toLowerCase() === "k") return openDialog() || press("/");
    if (command && event.key === "Enter") return press("ctrl+enter");
    if (event.key === "Escape" && scope === document) return find("#drawer [data-close-drawer]")?.click();
    const off = root.matches(".single-keys-off");
    if (!command && !event.altKey && !off && !isTyping(event.target) && event.key.length === 1) press(event.key.toLowerCase());
  });

  const showKeys = () => {
    const off = localStorage.getItem(SINGLE_KEYS) === "off";
    root.classList.toggle("single-keys-off", off);
    all("[data-single-keys]").forEach((button) => button.setAttribute("aria-pressed", String(!off)));
  };
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    all("details.menu[open]").filter((menu) => !menu.contains(event.target)).forEach((menu) => (menu.open = false));
    if (event.target.matches("dialog:not(#dialog)")) return event.target.close();
    if (at("[data-dismiss]")) return at("[data-toast]").remove();
    if (at("[data-opens]")) {
      event.preventDefault();
      at("details.menu")?.removeAttribute("open");
      open(document.getElementById(at("[data-opens]").dataset.opens), at("[data-opens]"));
    } else if (at("[data-close]") && at("dialog")) {
      event.preventDefault();
      at("dialog").close();
    } else if (at("[data-close-drawer]")) {
      event.preventDefault();
      closeDrawer(at("a").href);
    } else if (at("[data-print]")) {
      print();
    } else if (at("[data-single-keys]")) {
      localStorage.setItem(SINGLE_KEYS, localStorage.getItem(SINGLE_KEYS) === "off" ? "on" : "off");
      showKeys();
    } else if (at("[data-reveal]")) {
      const field = document.getElementById(at("[data-reveal]").dataset.reveal);
      field.type = field.type === "password" ? "text" : "password";
      at("[data-reveal]").setAttribute("aria-pressed", String(field.type === "text"));
    }
  });

  const start = () => {
    const narrow = find("[data-narrow]");
    if (narrow && matchMedia("(width < 700px)").matches && !/[?&]view=/.test(location.search)) {
      return location.replace(narrow.dataset.narrow);
    }
    root.classList.add("js");
    watchToasts();
    showKeys();
    const [scroller, now] = [find(".board-scroll"), find("#now")];
    if (scroller && now) scroller.scrollTop = now.offsetTop - scroller.clientHeight / 3;
    find(".appt[aria-current]")?.scrollIntoView({ block: "center", inline: "center" });
    all(".tabs [aria-current]").forEach((tab) => (tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2));
    find("[data-focus]")?.focus();
  };
  start();
})();
