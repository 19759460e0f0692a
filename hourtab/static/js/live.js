/* Replaces the page's content when the server says it has changed. Without it, a reload shows the same. */

const main = () => document.querySelector("main[data-tag]");
let etag = null;
let waiting = null;

/* A pause before the next try: it doubles up to a minute, and viewers do not come all at once. */
const first = 2000;
const pauses = { page: first, stream: first };
function next(what) {
  const pause = pauses[what] * (0.5 + Math.random());
  pauses[what] = Math.min(pauses[what] * 2, 60000);
  return pause;
}

/* A page that cannot be had just now (no network, too many requests, a busy server) is asked for again. */
function refreshIn(delay) {
  waiting ??= setTimeout(async () => {
    waiting = null;
    try {
      await refresh();
      pauses.page = first;
    } catch {
      refreshIn(next("page"));
    }
  }, delay);
}

async function refresh() {
  const answer = await fetch(location.href, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
  if (answer.status === 404) return location.reload();
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(answer.status);
  etag = answer.headers.get("ETag");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const after = fresh.querySelector("main[data-tag]");
  if (!after || after.dataset.tag === main().dataset.tag) return;
  keepWhatIsOpen(main(), after);
  moveBars(main(), after);
  main().replaceWith(after);
  document.title = fresh.title;
  document.querySelector("#news").textContent = after.dataset.headline;
}

/* What was unfolded stays unfolded; what is being typed is not lost. */
function keepWhatIsOpen(before, after) {
  const open = [...before.querySelectorAll("details[open]")].map((details) => details.dataset.key);
  for (const details of after.querySelectorAll("details")) details.open = open.includes(details.dataset.key);
  for (const input of before.querySelectorAll("input[id]")) {
    const same = after.querySelector(`#${input.id}`);
    if (!same) continue;
    same.value = input.value;
    if (input === document.activeElement) requestAnimationFrame(() => same.focus());
  }
}

/* The bar alone moves: it starts at its old width and grows to the new one. */
function moveBars(before, after) {
  const old = before.querySelectorAll(".bar .bar__used");
  after.querySelectorAll(".bar .bar__used").forEach((bar, i) => {
    const width = bar.getAttribute("width");
    if (!old[i] || old[i].getAttribute("width") === width) return;
    bar.setAttribute("width", old[i].getAttribute("width"));
    requestAnimationFrame(() => requestAnimationFrame(() => bar.setAttribute("width", width)));
  });
}

/* A broken stream comes back by itself when the server says; one that was refused, after a while that grows. */
function listen() {
  const source = new EventSource(`${location.pathname}/live?seen=${main().dataset.tag}`);
  source.addEventListener("open", () => (pauses.stream = first));
  source.addEventListener("change", (event) => {
    if (event.data !== main().dataset.tag) refreshIn(Math.random() * 500);
  });
  source.addEventListener("end", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      refreshIn(0);
      listen();
    }, next("stream"));
  });
}

if (main() && location.pathname.startsWith("/r/")) listen();
