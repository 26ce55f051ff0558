"use strict";
const ROWS = 50, ARRIVALS_SHOWN = 20, POLL_MS = 5000, AGE_MS = 5000, TYPING_MS = 250, MINUTE_NS = 60e9;

/* What the page shows; it stands in the address, so that a view can be kept as a bookmark. */
const view = { path: "", search: "", sort: "title", offset: 0 };
let board = null, aheadMs = 0, live = null, isLost = false, typing = 0;

/* Children of `parent`, one an item, made once a key and kept: the focus stays where it is. */
function sync(parent, items, keyOf, create, update) {
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  items.forEach((item, place) => {
    const key = keyOf(item);
    const child = old.get(key) || create(item);
    old.delete(key);
    child.dataset.key = key;
    update(child, item);
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] || null);
  });
  for (const child of old.values()) child.remove();
}

const nowMs = () => Date.now() + aheadMs;
function money(n) {
  const digits = Math.abs(n) < 1e5 ? 2 : 0;
  return n === undefined ? "–" : Number(n).toLocaleString(LANGUAGE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
function age(ns) {
  const s = Math.max(0, nowMs() / 1000 - ns / 1e9);
  if (s < 120) return `${Math.round(s)} s ago`;
  if (s < 7200) return `${Math.floor(s / 60)} min ago`;
  return s < 172800 ? `${Math.floor(s / 3600)} h ago` : `${Math.floor(s / 86400)} days ago`;
}

/* Columns: what a row shows as number, and in small below it. */
const STORE_COLUMNS = [
  { key: "title", title: "Store" },
  { key: "in", title: "In today", number: s => count(s.today.in), more: latestMinute },
  { key: "occupancy", title: "Inside now", number: s => count(s.today.occupancy), more: s => s.state === "live" ? zonesNow(s) : "not known" },
  { key: "visits_started", title: "Visits today", number: s => count(s.today.visits_started), more: s => s.today.visits_open === undefined ? "" : `${count(s.today.visits_open)} open` },
  { key: "transactions", title: "Sales today", number: s => count(s.today.transactions), more: s => s.today.revenue === undefined ? "" : `revenue ${money(s.today.revenue)}` },
  { key: "as_of", title: "As of" },
];
const NODE_COLUMNS = [
  { title: "Path" },
  { title: "Stores live", number: s => `${count(s.live || 0)} of ${count(s.stores)}`, more: notLive },
  { title: "In today", number: s => count(s.in || 0), more: s => `${count(s.out || 0)} out` },
  { title: "Inside now", number: s => count(s.occupancy || 0) },
  { title: "Visits today", number: s => count(s.visits_started || 0), more: s => `${count(s.visits_open || 0)} open` },
  { title: "Sales today", number: s => count(s.transactions || 0), more: s => `revenue ${money(s.revenue || 0)}` },
];
function latestMinute(store) {
  const begins = store.time_ns, m = store.minute;
  if (store.state !== "live" || !begins || store.as_of_ns - begins > 60 * MINUTE_NS) return "";
  return `${clock(begins, store.timezone)}: ${count(m.in)} in, ${count(m.out)} out`;
}
/* Where people with a device are: as decided, and where they probably are now if that differs. */
function zonesNow(store) {
  return Object.entries(store.zones).map(([zone, n]) => `${zone} ${count(n.decided)}${n.probable === n.decided ? "" : ` (probably ${count(n.probable)})`}`).join(", ");
}
function notLive(sums) {
  return [[sums.stale, "stale"], [sums.never, "never heard"]].filter(([n]) => n).map(([n, what]) => `${count(n)} ${what}`).join(", ");
}

function heads() {
  byId("nodes-head").replaceChildren(...NODE_COLUMNS.map(column => {
    const head = make("th", column.title);
    head.scope = "col";
    return head;
  }));
  byId("stores-head").replaceChildren(...STORE_COLUMNS.map(column => {
    const head = make("th"), button = make("button", column.title);
    head.scope = "col";
    head.dataset.sort = column.key;
    button.type = "button";
    button.addEventListener("click", () => go({ sort: nextSort(column.key), offset: 0 }));
    head.append(button);
    return head;
  }));
}
/* Names begin at A, numbers at the largest; a second click turns the order round. */
function nextSort(key) {
  if (view.sort.replace("-", "") !== key) return key === "title" ? key : `-${key}`;
  return view.sort.startsWith("-") ? key : `-${key}`;
}
function showSort() {
  for (const head of byId("stores-head").children)
    if (head.dataset.sort === view.sort.replace("-", "")) head.ariaSort = view.sort.startsWith("-") ? "descending" : "ascending";
    else head.removeAttribute("aria-sort");
}

function showTotals(sums) {
  const totals = [
    ["In today", count(sums.in || 0), `${count(sums.out || 0)} out`],
    ["Inside now", sums.live ? count(sums.occupancy || 0) : "–", `in ${plural(sums.live, "live store", "live stores")}`],
    ["Visits today", count(sums.visits_started || 0), `${count(sums.visits_open || 0)} open, ${count(sums.known_open || 0)} of known fans`],
    ["Sales today", count(sums.transactions || 0), `${count(sums.transactions_known || 0)} of known fans, ${plural(sums.returns, "return", "returns")}`],
    ["Revenue today", money(sums.revenue || 0), plural(sums.touches, "interaction", "interactions")],
    ["Stores live", count(sums.live || 0), [`of ${count(sums.stores || 0)}`, notLive(sums)].filter(Boolean).join(": ")],
  ];
  sync(byId("totals"), totals, ([label]) => label, () => {
    const tile = make("div");
    tile.append(make("dt"), make("dd", "", "big"), make("dd", "", "more"));
    return tile;
  }, (tile, texts) => texts.forEach((text, place) => setText(tile.children[place], text)));
}

function makeRow(columns) {
  const row = make("tr"), head = make("th");
  head.scope = "row";
  row.append(head);
  for (const column of columns.slice(1)) {
    const cell = make("td");
    cell.append(make("span", "", column.number ? "number" : "mark"), make("small"));
    row.append(cell);
  }
  return row;
}
function fill(row, columns, item) {
  columns.forEach((column, place) => {
    if (!column.number) return;
    setText(row.children[place].children[0], column.number(item));
    setText(row.children[place].children[1], column.more ? column.more(item) : "");
  });
}

function showNodes(nodes) {
  byId("below").hidden = !nodes.length;
  sync(byId("nodes"), nodes, node => node.path.join("/"), node => {
    const row = makeRow(NODE_COLUMNS), button = make("button", node.path.slice(board.path.length).join(" / "));
    button.type = "button";
    button.addEventListener("click", () => go({ path: node.path.join("/"), offset: 0 }));
    row.firstChild.append(button);
    return row;
  }, (row, node) => fill(row, NODE_COLUMNS, node.sums));
}

function showPath(path) {
  const steps = [{ name: "All stores", path: "" }, ...path.map((name, place) => ({ name, path: path.slice(0, place + 1).join("/") }))];
  sync(byId("path"), steps, step => step.path, step => {
    const button = make("button", step.name);
    button.type = "button";
    button.addEventListener("click", () => go({ path: step.path, offset: 0 }));
    return button;
  }, (button, step) => step.path === path.join("/") ? button.setAttribute("aria-current", "page") : button.removeAttribute("aria-current"));
}

function standing(store) {
  if (store.state === "never") return ["never heard", store.day ? "" : "no agent has reported yet"];
  const when = `${clock(store.as_of_ns, store.timezone, { second: "2-digit" })} ${store.timezone}`;
  const closed = store.is_closed ? "closed, " : "";
  return store.state === "live" ? [when, `${closed}${age(store.as_of_ns)}`] : [`${closed}stale: ${age(store.as_of_ns)}`, `${dayBefore(store)}${when}`];
}
/* The date in front of a time that is not of today. */
function dayBefore(store) {
  const on = ms => new Date(ms).toLocaleDateString("en-CA", { timeZone: store.timezone });
  return on(store.as_of_ns / 1e6) === on(nowMs()) ? "" : `${on(store.as_of_ns / 1e6)} `;
}
function showStores({ stores, matching, offset }) {
  sync(byId("stores"), stores, store => store.name, () => {
    const row = makeRow(STORE_COLUMNS);
    row.firstChild.append(make("span"), make("small"));
    return row;
  }, (row, store) => {
    row.className = store.state;
    setText(row.firstChild.children[0], store.title);
    setText(row.firstChild.children[1], [store.title === store.name ? "" : store.name, store.path].filter(Boolean).join(" · "));
    fill(row, STORE_COLUMNS, store);
    standing(store).forEach((text, place) => setText(row.lastChild.children[place], text));
  });
  setText(byId("count"), matching > ROWS ? `${count(offset + 1)} to ${count(offset + stores.length)} of ${count(matching)}` : count(matching));
  byId("previous").disabled = !offset;
  byId("next").disabled = offset + stores.length >= matching;
  byId("none").hidden = Boolean(matching);
  setText(byId("none"), view.search ? `No store here has “${view.search}” in its title, name or path.` : "No store is in site.toml, and none was heard.");
}

function showBoard(message) {
  if (message) board = message;
  if (!board) return;
  showPath(board.path);
  showTotals(board.sums);
  showNodes(board.nodes);
  showStores(board);
  showSort();
  setText(byId("as-of"), isLost ? "numbers are the last that came" : "each store since its own day began");
}

function showArrival(message) {
  const item = make("li");
  item.append(...whoCame(message));
  insertArrival(byId("arrivals"), message, item, ARRIVALS_SHOWN);
}

function showState(text, className) {
  setText(byId("state"), text);
  byId("state").className = className;
}
function showStatus(status) {
  const broken = status.problems.filter(problem => problem.level === "broken").length;
  showState(broken ? `${broken} broken` : status.problems.length ? "works, with warnings" : "all is well", broken ? "broken" : status.problems.length ? "warning" : "good");
  sync(byId("problems"), status.problems, problem => problem.code, () => {
    const item = make("li");
    item.append(make("span"), make("small"));
    return item;
  }, (item, problem) => {
    item.className = problem.level;
    setText(item.firstChild, problem.what);
    setText(item.lastChild, problem.todo);
  });
  const isGone = status.balance === undefined;
  document.body.classList.toggle("gone", isGone || isLost);
  if (isGone) return showState("the gateway does not answer; numbers are its last", "broken");
  const dropped = Object.entries(status.balance.dropped_total).map(([reason, rows]) => `${reason} ${count(rows)}`).join(", ");
  const numbers = {
    "rows in": count(status.balance.in_total), "rows written": count(status.balance.written_total),
    "rows in quarantine, ever": count(status.balance.quarantined_total), "rows dropped": dropped || "0", "rows on their way": count(status.balance.pending),
    "agents": Object.entries(status.agents).map(([state, n]) => `${count(n)} ${state}`).join(", ") || "none", "broker": status.broker.where,
    "database": `${status.sink.kind} ${status.sink.where}`, "behind": `${status.lag_s.toFixed(1)} s`, "version": status.version,
  };
  sync(byId("gateway"), Object.entries(numbers), ([label]) => label, () => {
    const line = make("div");
    line.append(make("dt"), make("dd"));
    return line;
  }, (line, texts) => texts.forEach((text, place) => setText(line.children[place], text)));
}
async function poll() {
  try {
    const answer = await fetch("status/summary");
    if (answer.status === 403) return showState("", ""); // a token of an area: how the gateway is, is headquarters'
    showStatus(await answer.json());
  } catch {
    document.body.classList.add("gone");
    showState("this page's server does not answer; numbers are its last", "broken");
  }
  setTimeout(poll, POLL_MS);
}

/* The view, and its stream */

function go(change) {
  Object.assign(view, change);
  const parts = Object.entries(view).filter(([name, value]) => value && !(name === "sort" && value === "title"));
  const url = `#${new URLSearchParams(parts)}`;
  if (change.path === undefined) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  follow();
}
function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  Object.assign(view, { path: given.get("path") || "", search: given.get("search") || "", sort: given.get("sort") || "title", offset: Number(given.get("offset")) || 0 });
  byId("search").value = view.search;
}
function setLost(lost) {
  isLost = lost;
  byId("stream").textContent = lost ? "reconnecting" : "live";
  document.body.classList.toggle("gone", lost);
}
function follow() {
  live?.close();
  live = new EventSource(`live/board?${new URLSearchParams(view)}`);
  live.onopen = () => setLost(false);
  live.onerror = () => { setLost(true); showBoard(); };
  live.onmessage = event => {
    const message = JSON.parse(event.data);
    if (message.kind === "arrival") return showArrival(message);
    aheadMs = message.now_ns / 1e6 - Date.now();
    showBoard(message);
  };
}
byId("search").addEventListener("input", event => {
  clearTimeout(typing);
  typing = setTimeout(() => go({ search: event.target.value, offset: 0 }), TYPING_MS);
});
byId("find").addEventListener("submit", event => event.preventDefault());
byId("previous").addEventListener("click", () => go({ offset: Math.max(0, board.offset - ROWS) }));
byId("next").addEventListener("click", () => go({ offset: board.offset + ROWS }));
window.addEventListener("hashchange", () => { fromAddress(); follow(); });
heads();
fromAddress();
follow();
poll();
setInterval(() => showBoard(), AGE_MS);
