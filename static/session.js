/* How long the page may show what it shows: a warning before the end, and the sign-in page at the end. */
(() => {
  "use strict";
  const NOTE = "Anteroom-Session";
  const WARNING = 120000;
  const PATIENCE = 3000;
  const ROUNDING = 2500;
  const find = (selector, root = document) => root.querySelector(selector);
  const note = find('meta[name="anteroom-session"]');
  if (!note) return;

  const dialog = find("#session-dialog");
  const others = "BroadcastChannel" in window ? new BroadcastChannel("anteroom-session") : null;
  const who = note.content.split(" ")[0];
  let ends = { hour: 0, idle: 0 };
  let [asked, dismissed, leaving, ending] = [0, 0, false, false];
  const end = () => Math.min(ends.hour, ends.idle);

  /* Nothing of the page stays readable: neither here nor when somebody goes back to it. */
  const leave = (address) => {
    if (leaving) return;
    leaving = true;
    document.documentElement.classList.add("is-locked");
    document.body.replaceChildren();
    location.replace(address);
  };
  const here = () => location.pathname + location.search;
  const signIn = () => leave(`/sign-in?next=${encodeURIComponent(here())}`);

  /* The same end told twice differs by the rounding only, and stays the same end. */
  const moment = (known, seconds) => {
    const told = Date.now() + (Number(seconds) + 1) * 1000;
    return Math.abs(told - known) < ROUNDING ? known : told;
  };
  /* What the server says: whose session it is, and seconds to both ends, rounded down. */
  const learn = (text, tell = true) => {
    const [owner, hour, idle] = (text || "").split(" ");
    if (!idle) return;
    if (owner !== who) return leave("/");
    ends = { hour: moment(ends.hour, hour), idle: moment(ends.idle, idle) };
    if (tell) others?.postMessage({ who, ends });
    check();
  };
  const heard = (response) => {
    const text = response.headers.get(NOTE);
    if (text) learn(text);
    return Boolean(text);
  };
  const ask = () =>
    fetch("/session", { headers: { "X-Poll": "1" }, signal: AbortSignal.timeout(PATIENCE) }).then(heard, () => null);

  /* At the end the page hides at once, asks whether another tab stayed in, and leaves unless it did. */
  const over = async (wait = 0) => {
    if (ending) return;
    ending = true;
    document.documentElement.classList.add("is-locked");
    await new Promise((resolve) => setTimeout(resolve, wait));
    const isIn = await ask();
    ending = false;
    if (!isIn || end() <= Date.now()) return signIn();
    document.documentElement.classList.remove("is-locked");
  };

  const left = () => Math.max(0, Math.ceil((end() - Date.now()) / 1000));
  const count = () => {
    const seconds = left();
    const shown = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    for (const clock of dialog.querySelectorAll("[data-left]")) clock.textContent = shown;
    if (seconds === 60 || seconds === 30) find("[data-said]", dialog).textContent = `${find("[data-last]", dialog).textContent} ${shown}`;
  };
  const warn = async () => {
    if (asked !== end()) {
      asked = end();
      return ask();
    }
    if (dismissed === end()) return;
    const hour = ends.hour <= ends.idle;
    find("[data-for=hour]", dialog).hidden = !hour;
    find("[data-for=idle]", dialog).hidden = hour;
    count();
    if (hour && !find("#session-renew form", dialog)) document.body.dispatchEvent(new CustomEvent("renew"));
    if (dialog.open) return;
    document.dispatchEvent(new CustomEvent("session:warned"));
    dialog.showModal();
    if (!hour) find("[data-first]", dialog).focus();
  };
  const calm = () => {
    if (dialog.open) dialog.close();
    if (asked) document.dispatchEvent(new CustomEvent("session:stayed"));
    asked = 0;
    find("#session-renew", dialog).replaceChildren();
    find("[data-trouble]", dialog).hidden = true;
  };
  const check = () => {
    if (leaving || ending) return;
    const rest = end() - Date.now();
    if (rest <= 0) over();
    else if (rest <= WARNING) warn();
    else calm();
  };

  dialog.addEventListener("close", () => end() - Date.now() <= WARNING && (dismissed = end()));
  find("form[data-stay]", dialog).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const sent = fetch(form.action, { method: "POST", body: new FormData(form), signal: AbortSignal.timeout(PATIENCE * 2) });
    const answer = await sent.catch(() => null);
    if (answer && answer.status < 400 && heard(answer)) return;
    if (answer && answer.status < 500) return over();
    find("[data-trouble]", dialog).hidden = false;
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.response) heard(ctx.response);
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target?.id === "session-renew" && !find("[data-focus]", dialog)) find("#session-renew input[type=password]")?.focus();
  });
  others?.addEventListener("message", ({ data }) => {
    if (data.who !== who || data.out) return over(PATIENCE / 2);
    ends = { hour: Math.max(ends.hour, data.ends.hour), idle: Math.max(ends.idle, data.ends.idle) };
    check();
  });
  /* Signing out, or leaving the desk to somebody else, is for all tabs. */
  addEventListener("submit", ({ target }) => {
    if (target.matches("[data-leaves]")) others?.postMessage({ who, out: true });
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return check();
    document.documentElement.classList.add("is-locked");
    location.reload();
  });
  document.addEventListener("visibilitychange", () => document.hidden || check());
  setInterval(check, 1000);
  learn(note.content);
})();
