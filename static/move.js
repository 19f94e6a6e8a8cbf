/* Moving a visit on the board: dragged, or by keys (M, arrows, Enter). Both send the form that the dialog sends. */
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const STEP = 300;
  const QUARTER = 3;
  const HOUR = 12;
  const FAR = 6;
  const PRESS = 450;
  const EDGE = 48;
  let lift = null;
  let sent = null;

  const board = () => find("[data-board]");
  const columns = () => all(".col[data-provider]");
  const number = (item, name) => Number(item.className.match(new RegExp(`\\b${name}-(\\d+)`))?.[1] ?? 0);
  const rowHeight = () => find(".col-body").offsetHeight / Number(board().dataset.board);
  const isMovable = (card) => card?.matches(".appt[data-version]") && columns().length && matchMedia("(width >= 700px)").matches;
  const instant = () => Number(columns()[lift.column].dataset.start) + lift.row * STEP;
  const moved = () => lift.row !== lift.from.row || lift.column !== lift.from.column;

  /* What is under way is said as it is shown: "10:20 AM with Dr. Osei". */
  const words = () => {
    const days = board().matches(".board-days") ? { weekday: "short", month: "short", day: "numeric" } : {};
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { ...days, hour: "numeric", minute: "2-digit", timeZone: board().dataset.zone });
    return board().dataset.with.replace("{time}", format.format(instant() * 1000)).replace("{name}", columns()[lift.column].dataset.spoken);
  };
  const say = (text) => {
    const place = find("#move-say");
    if (place) place.textContent = text;
  };
  const show = () => {
    const to = columns()[lift.column].getBoundingClientRect().left - columns()[lift.from.column].getBoundingClientRect().left;
    lift.item.style.translate = `${to}px ${(lift.row - lift.from.row) * rowHeight()}px`;
    columns().forEach((column, at) => column.classList.toggle("is-goal", at === lift.column));
    lift.note.textContent = words();
    say(lift.note.textContent);
  };
  const take = (card, by) => {
    const item = card.closest(".at");
    const from = { row: number(item, "row"), column: columns().indexOf(card.closest(".col")) };
    const note = document.createElement("span");
    note.className = "move-note";
    note.setAttribute("aria-hidden", "true");
    item.append(note);
    lift = { card, item, note, by, from, row: from.row, column: from.column, span: number(item, "span") };
    card.classList.add("is-lifted");
    board().classList.add("is-dragging");
    show();
    if (by === "keys") say(`${board().dataset.how} ${words()}`);
  };
  const settle = (item) => item?.style.removeProperty("translate");
  const release = () => {
    const held = lift;
    lift = null;
    held.note.remove();
    held.card.classList.remove("is-lifted");
    board()?.classList.remove("is-dragging");
    columns().forEach((column) => column.classList.remove("is-goal"));
    return held;
  };
  const back = () => {
    const held = release();
    settle(held.item);
    say(board().dataset.kept);
    held.card.focus();
  };
  const put = (row, column) => {
    lift.row = Math.max(0, Math.min(Number(board().dataset.board) - lift.span, row));
    lift.column = Math.max(0, Math.min(columns().length - 1, column));
    show();
  };
  const go = (rows, across) => {
    put(lift.row + rows, lift.column + across);
    lift.item.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const drop = () => {
    if (!moved()) return back();
    const form = find("#mover");
    const at = new Date(instant() * 1000).toISOString().slice(0, 16);
    const address = form.dataset.address.replace("00000000-0000-0000-0000-000000000000", lift.card.id.replace("visit-", ""));
    form.setAttribute("action", address);
    form.setAttribute("hx-post", address);
    const values = { version: lift.card.dataset.version, provider: columns()[lift.column].dataset.provider, starts_at: `${at}Z`, _key: crypto.randomUUID?.() };
    for (const [name, value] of Object.entries(values)) if (value) form.elements[name].value = value;
    const held = release();
    sent = { id: held.card.id, item: held.item, focus: held.by === "keys" };
    form.requestSubmit();
  };

  /* The answer: the board looks again by itself; a lost race, or nobody there, puts the card back and #said says why. */
  const home = () => {
    if (!sent) return;
    settle(sent.item);
    const card = document.getElementById(sent.id);
    settle(card?.closest(".at"));
    if (sent.focus) card?.focus();
    sent = null;
  };
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement.id === "mover" && !(ctx.response?.status < 400)) home();
  });
  document.addEventListener("htmx:error", ({ detail }) => detail.ctx?.sourceElement?.id === "mover" && home());
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => ctx.target?.id === "board" && home());

  const areKeysOff = () => document.documentElement.matches(".single-keys-off");
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || find("dialog[open]")) return;
    if (!lift) {
      const card = event.target.closest?.(".appt");
      if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey || areKeysOff() || !isMovable(card)) return;
      event.preventDefault();
      return take(card, "keys");
    }
    const rows = event.shiftKey ? 1 : QUARTER;
    const keys = {
      ArrowUp: () => go(-rows, 0), ArrowDown: () => go(rows, 0), PageUp: () => go(-HOUR, 0), PageDown: () => go(HOUR, 0),
      ArrowLeft: () => go(0, -1), ArrowRight: () => go(0, 1), Enter: drop, Escape: back,
    };
    event.preventDefault();
    keys[event.key]?.();
  });

  /* Dragging: the mouse at once, a finger after a moment, so that a swipe still scrolls. */
  let press = null;
  const begin = () => {
    take(press.card, "hand");
    press.card.setPointerCapture?.(press.id);
  };
  const forget = () => {
    clearTimeout(press?.timer);
    press = null;
  };
  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.(".appt");
    if (event.button !== 0 || lift || !isMovable(card)) return;
    const scroller = find(".board-scroll");
    press = { card, id: event.pointerId, x: event.clientX, y: event.clientY, top: scroller.scrollTop, touch: event.pointerType === "touch" };
    if (press.touch) press.timer = setTimeout(() => press && begin(), PRESS);
  });
  document.addEventListener("pointermove", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > FAR;
    if (!lift) return press.touch ? far && forget() : far && begin();
    const scroller = find(".board-scroll");
    const frame = scroller.getBoundingClientRect();
    if (event.clientY > frame.bottom - EDGE) scroller.scrollTop += QUARTER * 4;
    else if (event.clientY < frame.top + EDGE * 2) scroller.scrollTop -= QUARTER * 4;
    const down = event.clientY - press.y + scroller.scrollTop - press.top;
    const under = columns().findIndex((column) => event.clientX < column.getBoundingClientRect().right);
    put(lift.from.row + Math.round(down / rowHeight()), under < 0 ? columns().length - 1 : under);
  });
  const swallow = (click) => {
    click.preventDefault();
    click.stopPropagation();
  };
  document.addEventListener("pointerup", () => {
    if (lift?.by === "hand") {
      // The click that follows would open the drawer.
      addEventListener("click", swallow, true);
      setTimeout(() => removeEventListener("click", swallow, true));
      drop();
    }
    forget();
  });
  document.addEventListener("pointercancel", () => {
    if (lift?.by === "hand") back();
    forget();
  });
  document.addEventListener("touchmove", (event) => lift && event.preventDefault(), { passive: false });
  /* A finger that rests on a link would open the browser's own menu, which takes the finger away. */
  document.addEventListener("contextmenu", (event) => press?.touch && event.preventDefault());
  document.addEventListener("dragstart", (event) => event.target.closest?.(".appt") && event.preventDefault());
})();
