// The search page of a site without a server: the same page as search.html, made in the browser.
import { mark, matches, read, search } from "./search-core.js";

const FACETS = ["kind", "region", "theme", "addressee", "year", "document"];
const FRENCH = new Set(["region", "addressee", "document"]);
const FIELDS = { "alternative name": "alternative", "name as written": "written" };
const SIZE = 20, LISTED = 8, WAIT = 150;

const room = document.querySelector("#search");
const { lang, root, starts, t } = JSON.parse(document.querySelector("#search-told").textContent);
const number = (value) => value.toLocaleString(lang);

/** Return an element with attributes and children; a text among them is a text, never markup. */
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ""));
  return made;
}

const french = (text, is_french = true) => el("bdi", { lang: is_french && lang !== "fr" ? "fr" : undefined }, text);
const marked = (segments) => segments.map(([text, matched]) => (matched ? el("mark", {}, text) : text));
const href = (path) => `${root}${lang === "en" ? "/en" : ""}/doc/${encodeURI(path).replaceAll("?", "%3F")}.html`;

function read_address() {
  const query = new URLSearchParams(location.search);
  return {
    words: (query.get("q") || "").slice(0, 500),
    facets: Object.fromEntries(FACETS.map((name) => [name, query.getAll(name)])),
    sort: query.get("sort") || "relevance",
    page: Math.max(1, Number.parseInt(query.get("page"), 10) || 1),
  };
}

function address_of({ words, facets, sort, page }) {
  const query = new URLSearchParams();
  if (words) query.set("q", words);
  for (const name of FACETS) for (const value of facets[name] || []) query.append(name, value);
  if (sort !== "relevance") query.set("sort", sort);
  if (page > 1) query.set("page", page);
  return `${location.pathname}${query.size ? "?" : ""}${query}`;
}

const input = el("input", { type: "search", id: "search-q", name: "q", maxlength: 500, autocomplete: "off" });
const count = el("strong"), chosen = el("div"), results = el("div"), facets = el("div");
const towns = el("input", { type: "checkbox", id: "search-towns" });
const sort = el("select", { id: "search-sort" }, Object.entries(t.sorts).map(([value, name]) => el("option", { value }, name)));
const form = el("form", { class: "search scripted", role: "search", "aria-label": t.title },
  el("div", { class: "big-search" },
    el("label", { class: "visually-hidden", for: "search-q" }, t.words), input, el("button", { type: "submit" }, t.go)),
  el("p", {}, el("label", {}, towns, " ", t.towns)),
  el("div", { class: "search-columns" },
    el("section", { class: "search-results", "aria-label": t.results },
      el("p", { role: "status", "aria-live": "polite" }, count),
      el("p", { class: "to-facets" }, el("a", { href: "#search-facets" }, t.filters)),
      chosen,
      el("p", { class: "search-sort" }, el("label", { for: "search-sort" }, t.sort), sort),
      results),
    el("section", { class: "search-facets", id: "search-facets", "aria-labelledby": "search-filters" },
      el("h2", { id: "search-filters" }, t.filters), facets, el("p", { class: "small" }, t.help))));

let things = [], asked = read_address(), timer = 0;

async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  things = [...things, ...read(await answer.json(), lang)].sort((a, b) => a.number - b.number);
}

function show() {
  const found = search(things, { ...asked, size: SIZE });
  const is_asked = Boolean(found.asked.whole) || FACETS.some((name) => asked.facets[name].length);
  const told = { 0: t.count.none, 1: t.count.one }[found.total] || `${number(found.total)} ${t.count.many}`;
  count.textContent = is_asked ? told : t.begin;
  sort.value = asked.sort;
  sort.parentElement.hidden = !found.total;
  chosen.replaceChildren(...removals(found.facets));
  results.replaceChildren(
    is_asked ? el("ol", { class: "plain hits" }, found.hits.map((thing) => hit(thing, found.asked))) : browse(found.facets.kind),
    pager(found.total));
  const opened = new Set([...facets.querySelectorAll("details[open]")].map((one) => one.dataset.facet));
  const focused = document.activeElement?.matches?.(".search-facets input") ? document.activeElement : null;
  facets.replaceChildren(...FACETS.filter((name) => found.facets[name].length)
    .map((name) => fieldset(name, found.facets[name], opened.has(name))));
  if (focused) refocus(focused);
}

function browse(kinds) {
  const found = starts.map((kind) => kinds.find((one) => one.value === kind)).filter(Boolean);
  return el("div", {}, el("p", {}, t.starts), el("ul", { class: "starts" }, found.map((one) => el("li", {},
    el("a", { href: address_of({ ...asked, facets: { kind: [one.value] }, page: 1 }) }, one.label), " ",
    el("span", { class: "count" }, `(${number(one.count)})`)))));
}

function refocus({ name, value }) {
  const again = facets.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
  const details = again?.closest("details");
  if (details) details.open = true;
  again?.focus({ preventScroll: true });
}

function hit(thing, words) {
  const facts = [thing.kind.label, thing.code && `${t.code} ${thing.code}`,
    ...thing.filed.region.map((one) => french(one.label)), ...thing.filed.year.map((one) => one.value)].filter(Boolean);
  const documents = thing.filed.document.filter((one) => `document/${one.value}` !== thing.path);
  return el("li", {},
    el("h2", {}, el("a", { href: href(thing.path) }, french(marked(mark(thing.label, words))))),
    el("p", { class: "small" }, facts.flatMap((fact, place) => (place ? [" · ", fact] : [fact]))),
    matches(thing, words).map(([field, segments]) => el("p", { class: "hit-match" },
      el("span", { class: "count" }, t.matched[FIELDS[field] || field] + t.colon), " ",
      french(marked(segments), field !== "kind"))),
    documents.length ? el("p", { class: "small" }, `${t.stated}${t.colon} `, documents.flatMap((one, place) => [
      place ? " ; " : "", el("a", { href: href(`document/${one.value}`) }, french(one.label))])) : null);
}

function removals(counted) {
  const made = FACETS.flatMap((name) => counted[name].filter((one) => one.selected).map((one) => el("li", {},
    el("a", { href: address_of(without(name, one.value)) }, el("span", { class: "visually-hidden" }, `${t.remove} `),
      `${t.facet[name]}${t.colon} `, french(one.label, FRENCH.has(name)), " ", el("span", { "aria-hidden": "true" }, "×")))));
  if (!made.length) return [];
  const none = Object.fromEntries(FACETS.map((name) => [name, []]));
  const reset = el("li", {}, el("a", { href: address_of({ ...asked, facets: none, page: 1 }) }, t.reset));
  return [el("ul", { class: "inline chosen", "aria-label": t.chosen }, made, reset)];
}

function without(name, value) {
  return { ...asked, page: 1, facets: { ...asked.facets, [name]: asked.facets[name].filter((one) => one !== value) } };
}

function fieldset(name, values, is_open) {
  const shown = Math.max(LISTED, values.filter((one) => one.selected).length);
  const list = (some) => el("ul", { class: "plain" }, some.map((one) => el("li", {}, el("label", {},
    el("input", { type: "checkbox", name, value: one.value, checked: one.selected }), " ",
    french(one.label, FRENCH.has(name)), " ", el("span", { class: "count" }, `(${number(one.count)})`)))));
  const more = values.slice(shown);
  return el("fieldset", {}, el("legend", {}, t.facet[name]), list(values.slice(0, shown)),
    more.length ? el("details", { open: is_open, "data-facet": name },
      el("summary", {}, `${t.more} `, el("span", { class: "count" }, `(${number(more.length)})`)), list(more)) : null);
}

function pager(total) {
  const last = Math.ceil(total / SIZE);
  if (last < 2) return "";
  const to = (page, rel, text) => el("a", { rel, href: address_of({ ...asked, page }) }, text);
  const { previous, next, page_of } = t.common;
  return el("nav", { class: "pager", "aria-label": t.pages },
    asked.page > 1 ? to(asked.page - 1, "prev", previous) : null,
    el("span", { "aria-current": "page" }, page_of.replace("{n}", number(asked.page)).replace("{m}", number(last))),
    asked.page < last ? to(asked.page + 1, "next", next) : null);
}

function ask(changed, keep = true) {
  asked = { ...asked, page: 1, ...changed };
  history[keep ? "replaceState" : "pushState"](null, "", address_of(asked));
  show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask({ words: input.value.trim() });
});
input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => ask({ words: input.value.trim() }), WAIT);
});
form.addEventListener("change", async (event) => {
  if (event.target === sort) ask({ sort: sort.value });
  if (event.target === towns && towns.checked) {
    towns.disabled = true;
    await load(room.dataset.towns).catch(fail);
    show();
  }
  if (event.target.closest("fieldset")) {
    const { name } = event.target;
    const ticked = [...facets.querySelectorAll(`input[name="${name}"]:checked`)].map((one) => one.value);
    ask({ facets: { ...asked.facets, [name]: ticked } });
  }
});
form.addEventListener("click", (event) => {
  const link = event.target.closest(".chosen a, .pager a, .starts a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  asked = read_address();
  show();
  (link.closest(".pager") ? results : count).scrollIntoView?.({ block: "nearest" });
});
addEventListener("popstate", () => {
  asked = read_address();
  input.value = asked.words;
  show();
});

function fail() {
  count.textContent = t.failed;
}

input.value = asked.words;
room.replaceChildren(form);
load(room.dataset.things).then(show, fail);
