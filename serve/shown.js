"use strict";
/* What the pages share: elements, and how numbers and times are shown. */
const LANGUAGE = document.documentElement.lang;
const byId = id => document.getElementById(id);

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
const count = n => n === undefined ? "–" : Number(n).toLocaleString(LANGUAGE);
const plural = (n, one, many) => `${count(n || 0)} ${(n || 0) === 1 ? one : many}`;
function clock(ns, timeZone, more) {
  return new Date(ns / 1e6).toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", ...more });
}
/* Puts an arrival that is not there yet into a list whose first is the latest, and keeps `most`. */
function insertArrival(list, arrival, item, most) {
  if (list.firstElementChild?.className === "empty") list.replaceChildren();
  const others = [...list.children];
  if (others.some(other => other.dataset.key === String(arrival.id))) return;
  item.dataset.key = arrival.id;
  item.dataset.time_ns = arrival.time_ns;
  list.insertBefore(item, others.find(other => Number(other.dataset.time_ns) <= arrival.time_ns) || null);
  while (list.children.length > most) list.lastElementChild.remove();
}
/* What every item of an arrival begins with: when, with the day if that is another than today, who, where. */
function whoCame(arrival) {
  const day = ms => new Date(ms).toLocaleDateString("en-CA", { timeZone: arrival.timezone });
  const on = day(arrival.time_ns / 1e6), time = clock(arrival.time_ns, arrival.timezone, { second: "2-digit" });
  const when = `${on === day(Date.now()) ? "" : `${on} `}${time} ${arrival.timezone || ""}`;
  const where = [arrival.title || arrival.store, arrival.zone].filter(Boolean).join(" · ");
  return [make("time", when), make("strong", arrival.fan), make("span", where)];
}
