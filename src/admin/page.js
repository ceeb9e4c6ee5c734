"use strict";
// Asks /status every second and shows it. What comes from pages and messages is put in as text, never as markup.

const EVERY_MS = 1000;
const WINDOW_MS = 10000;
const SAYS = {
  intake: "taken", wait: "robots, host", fetch: "guard, caps", extract: "page to article", dedup: "claim: new?",
  commit: "written", ended: "outcomes",
};
const OUTCOMES = ["published", "revised", "duplicate", "unchanged", "expanded", "deferred", "rejected"];
const byId = (id) => document.getElementById(id);
const history = [];

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

const number = (value) => Math.round(value).toLocaleString("en");
const rate = (value) => (value >= 10 ? number(value) : value.toFixed(1)) + "/s";

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (value >= 1024 && unit < 3) { value /= 1024; unit += 1; }
  return value.toFixed(unit ? 1 : 0) + " " + units[unit];
}

function time(seconds) {
  if (!isFinite(seconds)) return "";
  if (seconds < 1) return (seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0) + " ms";
  if (seconds < 120) return seconds.toFixed(1) + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  return Math.round(seconds / 3600) + " h";
}

// The change of a figure within the window, a second.
function speed(pick) {
  const first = history[0], last = history[history.length - 1];
  const seconds = (last.at - first.at) / 1000;
  return seconds > 0 ? Math.max(0, (pick(last.figures) - pick(first.figures)) / seconds) : 0;
}

function table(id, heads, rows) {
  const head = element("thead"), body = element("tbody"), line = element("tr");
  line.append(...heads.map((text) => element("th", text)));
  head.append(line);
  for (const cells of rows) {
    const row = element("tr");
    row.append(...cells.map((cell) => {
      const made = element("td");
      made.append(cell);
      return made;
    }));
    body.append(row);
  }
  byId(id).replaceChildren(head, body);
}

function stage(name, count, through, note, share, fullest) {
  const made = element("li", null, fullest ? "fullest" : "");
  const bar = element("progress");
  bar.max = 1;
  bar.value = share;
  const says = element("span", [through, note].filter(Boolean).join(", "), "faint");
  made.append(element("b", name), element("span", count, "count"), says, bar);
  made.title = SAYS[name] || "";
  return made;
}

function way(figures) {
  const most = Math.max(1, ...figures.stages.map((one) => one.messages));
  const items = [stage("intake", number(figures.law.in_flight), rate(speed((f) => f.law.consumed)),
    figures.intake_paused ? "waits for room" : "in flight", figures.law.in_flight / figures.most_messages, false)];
  figures.stages.forEach((one, index) => {
    const left = speed((f) => f.stages[index].left);
    const mean = speed((f) => f.stages[index].seconds) / left;
    const full = one.messages === most && one.messages > 1;
    items.push(stage(one.name, number(one.messages), rate(left), time(mean), one.messages / most, full));
  });
  items.push(stage("ended", number(figures.law.ended), rate(speed((f) => f.law.ended)), "", 0, false));
  byId("way").replaceChildren(...items);
  byId("room").textContent = `in flight: ${number(figures.law.in_flight)} of ${number(figures.most_messages)} messages, `
    + `${bytes(figures.bytes)} of ${bytes(figures.most_bytes)}; rates over ${WINDOW_MS / 1000} s; commit counts intervals`;
}

function law(figures) {
  const sums = figures.law;
  const holds = sums.difference === 0;
  const text = `${number(sums.consumed)} consumed = ${number(sums.ended)} ended + ${number(sums.in_flight)} in flight + `
    + `${number(sums.given_up)} given up `;
  const verdict = element("strong", holds ? "holds" : `${number(sums.difference)} unaccounted for`, holds ? "good" : "bad");
  byId("law").replaceChildren(text, verdict);
}

function counts(figures) {
  const sums = new Map(OUTCOMES.map((outcome) => [outcome, 0]));
  for (const one of figures.outcomes) sums.set(one.outcome, (sums.get(one.outcome) || 0) + one.count);
  const of = (outcome) => (f) => f.outcomes.filter((one) => one.outcome === outcome).reduce((sum, one) => sum + one.count, 0);
  table("outcomes", ["outcome", "messages", "now"],
    [...sums].map(([outcome, count]) => [outcome, number(count), rate(speed(of(outcome)))]));
  const same = (one) => (f) => (f.outcomes.find((other) => other.outcome === one.outcome && other.reason === one.reason) || { count: 0 }).count;
  table("reasons", ["reason", "ends as", "messages", "now"],
    figures.outcomes.filter((one) => one.reason).sort((a, b) => b.count - a.count)
      .map((one) => [one.reason, one.outcome, number(one.count), rate(speed(same(one)))]));
}

function hosts(figures) {
  const states = Object.entries(figures.host_states);
  const all = states.reduce((sum, [, count]) => sum + count, 0);
  byId("host-states").textContent = `${number(all)} remembered: `
    + states.map(([state, count]) => `${number(count)} ${state}`).join(", ")
    + (all > figures.hosts.length ? `; shown: ${figures.hosts.length}, those that are stopped or waited for most` : "");
  table("hosts", ["host", "state", "due in", "waiting", "under way", "interval", "last answers"],
    figures.hosts.map((host) => {
      const link = element("a", host.host);
      link.href = "/hosts/" + encodeURIComponent(host.host);
      const state = element("span", host.why ? `${host.state}: ${host.why}` : host.state,
        host.state === "down" || host.state === "held" ? "bad" : "");
      return [link, state, host.next_due_ms ? time(host.next_due_ms / 1000) : "", number(host.waiting), number(host.running),
        time(host.interval_ms / 1000), host.last_statuses.map((status) => status || "-").join(" ")];
    }));
}

function address(url) {
  // Only what a browser opens as a page becomes a link.
  if (!/^https?:\/\//i.test(url)) return element("span", url);
  const link = element("a", url);
  link.href = url;
  link.rel = "noreferrer noopener";
  link.target = "_blank";
  return link;
}

function lines(id, all, open) {
  byId(id).replaceChildren(...all.map((line) => {
    const made = element("li"), more = element("details");
    const what = line.reason ? `${line.outcome}: ${line.reason}` : line.outcome;
    if (line.title) made.append(element("span", line.title, "title"));
    made.append(line.url ? address(line.url) : element("span", "no address", "faint"));
    more.append(element("summary", `${line.at.slice(11, 19)} ${what}`));
    more.dataset.key = line.origin + line.at;
    more.open = open.has(more.dataset.key);
    if (line.detail) more.append(element("div", line.detail));
    more.append(element("div", "from " + line.origin, "faint"));
    if (line.url) more.append(element("code", "newswire explain '" + line.url.replaceAll("'", "'\\''") + "' --config FILE"));
    made.append(more);
    return made;
  }));
}

function show(figures) {
  const ready = figures.not_ready === null;
  const state = byId("state");
  state.textContent = ready ? "ready" : figures.not_ready;
  state.className = "badge " + (ready ? "good" : "bad");
  byId("about").textContent = `${figures.instance}, version ${figures.version}, up ${time(figures.uptime_s)}`;
  document.title = `newswire: ${ready ? "ready" : figures.not_ready}`;
  way(figures);
  law(figures);
  counts(figures);
  hosts(figures);
  const open = new Set([...document.querySelectorAll("details[open]")].map((details) => details.dataset.key));
  lines("well", figures.latest.well, open);
  lines("refused", figures.latest.refused, open);
  table("partitions", ["partition", "consumed", "ended", "in flight", "given up", "beyond the frontier"],
    figures.partitions.map((one) => [`${one.topic}:${one.number}`,
      ...[one.consumed, one.ended, one.in_flight, one.given_up, one.beyond_frontier].map(number)]));
}

async function ask() {
  try {
    const answer = await fetch("/status?host=" + encodeURIComponent(byId("find").value.trim()), { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.statusText);
    const figures = await answer.json();
    // A worker that was started again counts from 0.
    if (history.length && figures.uptime_s < history[history.length - 1].figures.uptime_s) history.length = 0;
    history.push({ at: performance.now(), figures });
    while (history.length > 2 && history[history.length - 1].at - history[0].at > WINDOW_MS) history.shift();
    show(figures);
  } catch (failure) {
    const state = byId("state");
    state.textContent = "no answer";
    state.className = "badge bad";
  }
  setTimeout(ask, EVERY_MS);
}

ask();
