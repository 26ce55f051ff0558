"use strict";
/* A guide's page: the stream /api/arrivals, of the stores of whose token it is, or those that ?store= of this page names. */
const MOST = 50, AGAIN_MS = 5000, VISITS_SHOWN = 3;

const minutes = s => s < 60 ? `${Math.round(s)} s` : `${Math.round(s / 60)} min`;
/* A past moment in the store's time: the clock alone on the arrival's own day. */
function moment(iso, arrival) {
  const ms = Date.parse(iso), day = at => new Date(at).toLocaleDateString("en-CA", { timeZone: arrival.timezone });
  const time = clock(ms * 1e6, arrival.timezone);
  return day(ms) === day(arrival.time_ns / 1e6) ? `today ${time}` : `${day(ms)} ${time}`;
}
function visit(each, arrival) {
  const longest = [...each.zones].sort((one, other) => other.seconds - one.seconds).slice(0, 2).map(stay => stay.zone);
  return `${moment(each.start, arrival)} (${[each.store, minutes(each.seconds), ...longest].join(", ")})`;
}
/* Lines below the name: a label, and what there is; none where nothing is known. */
function known(arrival) {
  const { visits, last_visits, interests, stage, proposal } = arrival;
  return [
    ["Came before", visits ? plural(visits, "visit", "visits") : visits === 0 ? "never that is known here" : ""],
    ["Last", (last_visits || []).slice(0, VISITS_SHOWN).map(each => visit(each, arrival)).join("; ")],
    ["Liked", (interests?.zones || []).map(each => `${each.zone} ${minutes(each.seconds)}`).join(", ")],
    ["Goods", (interests?.articles || []).map(each => `${each.sku} (${each.what})`).join(", ")],
    ["Stage", stage || ""],
    ["Propose", proposal || ""],
  ].filter(([, text]) => text);
}
function show(arrival) {
  const item = make("li"), who = make("div"), facts = make("dl");
  who.append(...whoCame(arrival));
  if (arrival.late) who.append(make("span", "became known late: may have left", "soft"));
  for (const [label, text] of known(arrival)) {
    const line = make("div");
    line.append(make("dt", label), make("dd", text));
    facts.append(line);
  }
  item.append(who, facts);
  insertArrival(byId("arrivals"), arrival, item, MOST);
}

function state(text, className) {
  setText(byId("state"), text);
  byId("state").className = className;
}
/* A stream that is refused has no reason: the same is asked for once more, to show it, or to be asked who one is. */
async function explain(url) {
  const asked = new AbortController();
  try {
    const answer = await fetch(url, { signal: asked.signal });
    if (answer.ok) asked.abort();
    else state((await answer.json()).message, "broken");
    return answer.ok || answer.status >= 500;
  } catch {
    return true;
  }
}
function follow() {
  const url = `api/arrivals${location.search}`, stream = new EventSource(url);
  stream.onopen = () => { setText(byId("stream"), "live"); state("", ""); };
  stream.onmessage = event => show(JSON.parse(event.data));
  stream.onerror = async () => {
    setText(byId("stream"), "reconnecting");
    if (stream.readyState !== EventSource.CLOSED) return;
    if (await explain(url)) setTimeout(follow, AGAIN_MS);
    else setText(byId("stream"), "refused");
  };
}
follow();
