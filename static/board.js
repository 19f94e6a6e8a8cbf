/* The board between two looks at the server: the clock, the timers, and walking from card to card. */
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const SECOND = 1000;
  const STEP = 300 * SECOND;
  const LONG_WAIT = 15;
  let skew = { server: "", offset: 0 };

  /* Time is the server's, not the desk's: the page says what time it was when it was made. */
  const now = () => {
    const server = find("#board")?.dataset.server || "";
    if (server && skew.server !== server) skew = { server, offset: Number(server) * SECOND - Date.now() };
    return Date.now() + skew.offset;
  };
  const moveNow = (time) => {
    const line = find("[data-now]");
    if (!line) return;
    line.style.setProperty("--row", (time - Date.parse(line.dataset.start)) / STEP);
    find("[data-now-label]", line).textContent = new Intl.DateTimeFormat(document.documentElement.lang, {
      hour: "numeric", minute: "2-digit", timeZone: line.dataset.zone,
    }).format(time);
  };
  const write = (place, text) => place.textContent === text || (place.textContent = text);
  const count = (holder, time, words) => {
    const [kind, at] = holder.dataset.timer.split(" ");
    const seconds = Math.floor(time / SECOND) - Number(at);
    const minutes = Math.floor(seconds / 60);
    const left = Math.max(0, -seconds);
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    const shown = { since: words.min?.replace("{n}", Math.max(0, minutes)), due: minutes > 0 ? words.late?.replace("{n}", minutes) : "", until: words.left?.replace("{n}", clock) };
    for (const place of all("[data-tick]", holder)) {
      write(place, (place.dataset.tick === "short" && kind === "until" ? clock : shown[kind]) ?? "");
      place.classList.toggle("is-long-wait", kind === "since" && holder.matches(".s-arrived") && minutes > LONG_WAIT);
    }
    if (holder.matches(".undo")) holder.hidden = !left;
  };
  const tick = () => {
    const board = find("#board");
    if (!board || document.hidden) return;
    const time = now();
    moveNow(time);
    all("[data-timer]").forEach((holder) => count(holder, time, board.dataset));
  };
  setInterval(tick, SECOND);
  document.addEventListener("visibilitychange", tick);
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    tick();
    // What was put back or moved may be the visit in the drawer.
    if (ctx.target?.id === "said" && ctx.response?.status < 400 && find("#drawer-visit") && location.search.includes("visit=")) {
      htmx.ajax("GET", location.pathname + location.search, { target: "#drawer" });
    }
  });

  /* Arrows walk: down and up a column, across to what is at about the same time. */
  const walk = (event) => {
    const card = event.target;
    const column = card.closest(".col");
    const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const cards = column ? all(".appt, .free", column) : all(".visit-who");
    const next = { Home: cards[0], End: cards.at(-1), ArrowUp: cards[cards.indexOf(card) - 1], ArrowDown: cards[cards.indexOf(card) + 1] }[event.key];
    if (next) return next.focus();
    if (!column || !step || event.key.endsWith("Up") || event.key.endsWith("Down")) return;
    const top = card.getBoundingClientRect().top;
    const away = (other) => Math.abs(other.getBoundingClientRect().top - top);
    const columns = all(".col");
    for (let at = columns.indexOf(column) + step; columns[at]; at += step) {
      const near = all(".appt", columns[at]).sort((one, other) => away(one) - away(other));
      if (near.length) return near[0].focus();
    }
  };
  const enter = () => find(".appt[aria-current], .visit-row[aria-current] .visit-who") || all(".appt, .visit-who").find((card) => !card.closest("[hidden]"));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
    if (!/^(Arrow|Home$|End$)/.test(event.key)) return;
    if (event.target.matches(".appt, .free, .visit-who")) {
      event.preventDefault();
      walk(event);
    } else if (event.target === document.body && enter()) {
      event.preventDefault();
      enter().focus();
    }
  });
  tick();
})();
