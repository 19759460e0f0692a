/* Replaces the page's content when the server says it has changed. Without it, a reload shows the same. */

const main = () => document.querySelector("main[data-tag]");
const address = location.pathname;
let etag = null;
let waiting = null;

async function refresh() {
  waiting = null;
  const answer = await fetch(location.href, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
  if (answer.status === 404) return location.reload();
  if (!answer.ok) return;
  etag = answer.headers.get("ETag");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.querySelector("main[data-tag]");
  if (!next || next.dataset.tag === main().dataset.tag) return;
  const open = [...document.querySelectorAll("details[open]")].map((details) => details.dataset.key);
  moveBars(main(), next);
  main().replaceWith(next);
  document.title = fresh.title;
  for (const details of next.querySelectorAll("details")) details.open = open.includes(details.dataset.key);
  document.querySelector("#news").textContent = next.dataset.headline;
}

/* The bar alone moves: it starts at its old width and grows to the new one. */
function moveBars(before, after) {
  const old = before.querySelectorAll(".bar__used");
  after.querySelectorAll(".bar__used").forEach((bar, i) => {
    const width = bar.getAttribute("width");
    if (!old[i] || old[i].getAttribute("width") === width) return;
    bar.setAttribute("width", old[i].getAttribute("width"));
    requestAnimationFrame(() => requestAnimationFrame(() => bar.setAttribute("width", width)));
  });
}

const source = new EventSource(`${address}/live?seen=${main().dataset.tag}`);
source.addEventListener("change", (event) => {
  if (event.data !== main().dataset.tag && !waiting) waiting = setTimeout(() => refresh().catch(() => {}), Math.random() * 500);
});
source.addEventListener("end", () => {
  source.close();
  location.reload();
});
