/* Replaces the page's content when the server says it has changed. Without it, a reload shows the same. */

const main = () => document.querySelector("main[data-tag]");
let etag = null;
let waiting = null;
let pause = 2000;

async function refresh() {
  waiting = null;
  const answer = await fetch(location.href, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
  if (answer.status === 404) return location.reload();
  if (!answer.ok) return;
  etag = answer.headers.get("ETag");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.querySelector("main[data-tag]");
  if (!next || next.dataset.tag === main().dataset.tag) return;
  keepWhatIsOpen(main(), next);
  moveBars(main(), next);
  main().replaceWith(next);
  document.title = fresh.title;
  document.querySelector("#news").textContent = next.dataset.headline;
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
  source.addEventListener("open", () => (pause = 2000));
  source.addEventListener("change", (event) => {
    if (event.data !== main().dataset.tag && !waiting) waiting = setTimeout(() => refresh().catch(() => {}), Math.random() * 500);
  });
  source.addEventListener("end", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => refresh().catch(() => {}).finally(listen), pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, 60000);
  });
}

if (main() && location.pathname.startsWith("/r/")) listen();
