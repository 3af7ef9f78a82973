// The page of SPARQL of a site without a server: queries run in the browser, on dumps loaded when the first is asked.
const told = JSON.parse(document.querySelector("#sparql-told").textContent);
const { lang, root, t, answers, prefixes, oxigraph, documents, territories } = told;
const SITE = prefixes.cg.replace("def#", "");
const form = document.querySelector(".sparql");
const field = form.elements.query;
const room = document.querySelector("#answer");
const state = form.querySelector(".state");
const progress = form.querySelector("progress");
const [cancel, more] = [form.querySelector(".cancel"), form.querySelector(".territories")];
const number = (value) => Number(value).toLocaleString(lang);

let worker = null, is_asking = false, wanted = [documents], asked = "";

/** Returns an element with attributes and children; a text among them is a text, never markup. */
function el(name, attributes = {}, ...children) {
  const space = ["svg", "title", "desc", "text", "rect"].includes(name) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== "") made.setAttribute(key, value);
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

function engine() {
  if (worker) return;
  worker = new Worker(new URL("sparql-worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => take(data));
  worker.addEventListener("error", lose);
  tell(t.loading_engine);
  worker.postMessage({ engine: new URL(oxigraph, location.href).href, lang });
  for (const address of wanted) worker.postMessage({ load: new URL(address, location.href).href });
}

function take(data) {
  if (data.engine) tell(t.loading);
  if (data.progress) [progress.hidden, progress.max, progress.value] = [!data.total, data.total || 1, data.progress];
  if (data.loaded) {
    progress.hidden = true;
    tell(t.ready.replace("{n}", number(data.loaded)));
    more.hidden = document.querySelector("#territories").hidden = wanted.includes(territories);
    if (is_asking) tell(t.running);
  }
  if (data.answer) done(t.answered, answered(data.answer));
  if (data.file) save(data);
  if (data.fault === "load") lose();
  else if (data.fault) fail(data.fault === "service" ? t.service : malformed(data.message));
}

function stop() {
  worker?.terminate();
  worker = null;
  progress.hidden = cancel.hidden = true;
  more.disabled = false;
  room.classList.remove("stale");
}

function lose() {
  stop();
  fail(t.not_loaded);
}

function malformed(message) {
  const place = /error at (\d+):(\d+)/.exec(message);
  return place ? t.malformed.replace("{line}", place[1]).replace("{column}", place[2]) : message;
}

function tell(words) {
  state.textContent = words;
}

function done(words, shown) {
  is_asking = false;
  tell(words);
  cancel.hidden = true;
  room.classList.remove("stale");
  room.replaceChildren(shown);
}

function fail(words) {
  done(t.failed, el("section", { class: "notice fault", role: "alert", "aria-labelledby": "fault" },
    el("h2", { id: "fault" }, t.failed), el("p", {}, words)));
}

function ask() {
  asked = field.value;
  engine();
  tell(t.running);
  cancel.hidden = false;
  room.classList.add("stale");
  is_asking = true;
  worker.postMessage({ query: asked });
}

// The answer

function href(iri) {
  const page = (path, anchor = "") => `${root}${lang === "en" ? "/en" : ""}/${path}.html${anchor}`;
  if (iri.startsWith(prefixes.cg)) return page("def", `#${iri.slice(prefixes.cg.length)}`);
  if (iri.startsWith(`${SITE}id/`)) return page(`doc/${encodeURI(iri.slice(SITE.length + 3)).replaceAll("?", "%3F")}`);
  if (/^(vocab|graph)\//.test(iri.slice(SITE.length)) && iri.startsWith(SITE)) return page(encodeURI(iri.slice(SITE.length)));
  return /^https?:/.test(iri) ? iri : "";
}

function short(iri) {
  if (iri.startsWith(`${SITE}id/`)) return iri.slice(SITE.length + 3);
  const found = Object.entries(prefixes).find(([, base]) => iri.startsWith(base));
  return found ? `${found[0]}:${iri.slice(found[1].length)}` : iri;
}

const is_number = (term) => /#(integer|decimal|double|float|int|long)$/.test(term?.datatype || "");

function words_of(term, labels) {
  if (term.type === "uri") return labels[term.value]?.text || short(term.value);
  if (term.type === "literal" && term.datatype?.endsWith("#boolean")) return t[term.value] || term.value;
  return is_number(term) && Number.isFinite(Number(term.value)) ? number(term.value) : term.value;
}

function cell(term, labels) {
  if (!term) return el("td");
  const spoken = term.type === "uri" ? labels[term.value]?.lang : term["xml:lang"];
  const words = el("bdi", { lang: spoken && spoken !== lang ? spoken : undefined }, words_of(term, labels));
  const address = term.type === "uri" ? href(term.value) : "";
  return el("td", { class: is_number(term) ? "number" : undefined }, address ? el("a", { href: address }, words) : words);
}

function answered({ columns, rows, verdict, chart, total, files, labels }) {
  const heading = el("h2", { id: "answered" }, answers.verdict[0].toUpperCase() + answers.verdict.slice(1));
  const shown = verdict === undefined
    ? [chart ? drawn(columns, chart, labels) : null, total ? table(columns, rows, total, labels) : el("p", {}, answers.none)]
    : [el("p", {}, el("strong", {}, verdict ? answers.yes : answers.no))];
  return el("section", { "aria-labelledby": "answered" }, heading, shown, total && files.length ? downloads(files) : null);
}

function table(columns, rows, total, labels) {
  const names = columns || [answers.subject, answers.predicate, answers.object];
  const counted = total === 1 ? answers.one : answers.rows.replace("{n}", number(total));
  const rest = rows.length < total ? ` ${t.first_rows.replace("{shown}", number(rows.length))}` : "";
  const numeric = names.map((_, at) => rows.every((row) => !row[at] || is_number(row[at])));
  return el("div", { class: "table-scroll", tabindex: 0, role: "group", "aria-label": t.caption }, el("table", { class: "answers" },
    el("caption", {}, `${counted}.${rest}`),
    el("thead", {}, el("tr", {}, names.map((name, at) => el("th", { scope: "col", class: numeric[at] ? "number" : undefined }, name)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((term) => cell(term, labels)))))));
}

function drawn(columns, rows, labels) {
  const longest = Math.max(...rows.map(([, value]) => Number(value.value)));
  const title = answers.chart.replace("{value}", columns[1]).replace("{label}", columns[0]);
  const bars = rows.flatMap(([name, value], at) => [
    el("text", { x: 0, y: 38 * at + 13 }, words_of(name, labels).slice(0, 58)),
    el("rect", { class: "bar-track", x: 0, y: 38 * at + 19, width: 330, height: 11 }),
    el("rect", { class: "bar-1", x: 0, y: 38 * at + 19, width: 330 * Number(value.value) / longest, height: 11 }),
    el("text", { x: 338, y: 38 * at + 29 }, number(value.value))]);
  return el("figure", { class: "chart answer-chart" },
    el("svg", { viewBox: `0 0 400 ${38 * rows.length}`, role: "img", "aria-label": title }, bars), el("figcaption", {}, `${title}.`));
}

function downloads(files) {
  const buttons = files.map((suffix) => {
    const button = el("button", { type: "button", class: "button-quiet" }, suffix.toUpperCase());
    button.addEventListener("click", () => worker.postMessage({ file: suffix, of: asked }));
    return el("li", {}, button);
  });
  return el("div", {}, el("p", {}, t.download + answers.colon), el("ul", { class: "inline" }, buttons));
}

function save({ file, type, suffix }) {
  const address = URL.createObjectURL(new Blob([file], { type }));
  el("a", { href: address, download: `cesergraph.${suffix}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!field.value.trim()) return;
  history.replaceState(null, "", `${location.pathname}?${new URLSearchParams({ query: field.value })}`);
  ask();
});
cancel.addEventListener("click", () => {
  stop();
  tell(t.stopped);
});
more.addEventListener("click", () => {
  if (!wanted.includes(territories)) wanted.push(territories);
  more.disabled = true;
  tell(t.loading);
  if (worker) worker.postMessage({ load: new URL(territories, location.href).href });
  else engine();
});

more.hidden = document.querySelector("#territories").hidden = false;
const given = new URLSearchParams(location.search).get("query");
if (given) {
  field.value = given;
  form.dispatchEvent(new CustomEvent("query", { detail: given }));
  ask();
}
