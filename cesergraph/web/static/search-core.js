// The search of a site without a server: what cesergraph/search.py does, over the files of browser_index.py.
// tests/test_browser_index.py holds both to the same answers.

const FACETS = ["kind", "region", "theme", "addressee", "year", "document"];
const NAMES = new Set(["label", "alternative name", "name as written", "code"]);
const EMPTY = new Set("a au aux d de des du en et l la le les of the".split(" "));
const LONGEST = 180, BEFORE = 60, SHOWN = 2, LESS = 35;

/** Return the words of a text without case, accents, ligatures and punctuation, a blank between them. */
export function fold(text) {
  const plain = text.replace(/[œŒ]/g, "oe").replace(/[æÆ]/g, "ae").replace(/ʼ/g, "'")
    .normalize("NFKD").toLowerCase().replace(/ß/g, "ss").replace(/ς/g, "σ").replace(/\p{M}/gu, "");
  return (plain.match(/[\p{L}\p{N}]+/gu) || []).join(" ");
}

/** Return a folded word without the mark of the plural. */
export function singular(word) {
  return word.length > 3 && /[sx]$/.test(word) ? word.slice(0, -1) : word;
}

/** Return what the queries need of one file: things with their words, and what their facets are called. */
export function read(file, lang) {
  const in_lang = (labels) => labels[lang === "en" && labels.length > 1 ? 1 : 0];
  const kinds = file.kinds.map(([name, fr, en, broader, words, states]) => ({
    name, label: in_lang([fr, en]), words, states,
    broader: broader.map(([value, ...labels]) => ({ value, label: in_lang(labels), top: labels[2] })),
  }));
  const values = Object.fromEntries(Object.entries(file.facets).map(([name, every]) => [
    name, every.map(([value, ...labels]) => ({ value, label: labels.length ? in_lang(labels) : value })),
  ]));
  return file.things.map(([number, path, label, kind, code, said, ...filed]) => {
    const texts = said.flatMap(([field, ...found]) => found.map((text) => [field, text]));
    const thing = { number, path, label, kind: kinds[kind], code: code || "", texts };
    thing.filed = { kind: kinds[kind].broader };
    FACETS.slice(1).forEach((name, place) => {
      thing.filed[name] = filed[place].map((one) => values[name][one]);
    });
    return with_words(thing);
  });
}

function with_words(thing) {
  const named = [["label", thing.label], ...(thing.code ? [["code", thing.code]] : []),
    ...thing.texts.filter(([field]) => NAMES.has(field))].map(([field, text]) => [field, fold(text)]);
  const others = thing.texts.filter(([field]) => !NAMES.has(field)).map(([field, text]) => [field, fold(text)]);
  const column = (texts) => ` ${texts.flatMap((text) => text.split(" ")).map(singular).join(" ")} `;
  thing.names = named;
  thing.columns = [
    [8, column(named.map(([, text]) => text))],
    [3, column(others.filter(([field]) => field === "description").map(([, text]) => text))],
    [1, column([thing.kind.words, ...others.filter(([field]) => field !== "description").map(([, text]) => text)])],
  ];
  return thing;
}

function wanted(whole) {
  const every = whole ? whole.split(" ") : [];
  const words = every.filter((word) => !EMPTY.has(word));
  const kept = words.length ? words : every;
  const last = kept.at(-1);
  return { whole, words: kept, opens: last === every.at(-1) ? last : "", code: /^[\d ]+$/.test(whole) ? whole.replaceAll(" ", "") : whole };
}

function score(thing, asked) {
  let best = 0;
  for (const [field, folded] of thing.names) {
    const padded = ` ${folded} `;
    const met = asked.words.every((word) => padded.includes(` ${word}${word === asked.opens ? "" : " "}`))
      || padded.includes(` ${asked.code} `);
    if (!met) continue;
    const share = Math.min(9, 9 * asked.whole.split(" ").length / folded.split(" ").length);
    const is_label = field === "label" || field === "code";
    best = Math.max(best, is_label && (folded === asked.whole || folded === asked.code) ? 100
      : folded === asked.whole ? 90
      : share + (!folded.startsWith(asked.whole) ? 40 : field === "label" ? 70 : 60));
  }
  return best && thing.kind.states ? best - LESS : best;
}

function weight(thing, asked) {
  const of = (found) => Math.max(0, ...thing.columns.filter(([, text]) => found(text)).map(([value]) => value));
  if (of((text) => text.includes(` ${asked.code} `))) return 1;
  const weights = asked.words.map((word) => of((text) => text.includes(` ${singular(word)} `)
    || (word === asked.opens && text.includes(` ${word}`))));
  return weights.every(Boolean) ? weights.reduce((sum, one) => sum + one, 0) : 0;
}

function ranked(things, asked) {
  if (!asked.whole) return things;
  const found = [];
  for (const thing of things) {
    const named = score(thing, asked), met = named || weight(thing, asked);
    if (met) found.push([named ? named : 0, named ? 0 : met, thing]);
  }
  found.sort((a, b) => b[0] - a[0] || b[1] - a[1] || a[2].number - b[2].number);
  return found.map(([, , thing]) => thing);
}

const SORTED = {
  relevance: () => 0,
  label: (a, b) => compare(fold(a.label), fold(b.label)) || compare(a.path, b.path),
  recent: (a, b) => year(b) - year(a),
};

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const year = (thing) => Math.max(0, ...thing.filed.year.map((one) => Number(one.value)));

/** Return the total, the things of one page, and the values of every facet, the chosen and frequent first. */
export function search(things, { words = "", facets = {}, sort = "relevance", page = 1, size = 20 }) {
  const asked = wanted(fold(words));
  const chosen = Object.entries(facets).filter(([, values]) => values.length);
  const counts = Object.fromEntries(FACETS.map((name) => [name, new Map()]));
  const kept = [];
  for (const thing of ranked(things, asked)) {
    const failing = chosen.filter(([name, values]) => !thing.filed[name].some((one) => values.includes(one.value)));
    if (!failing.length) kept.push(thing);
    if (failing.length > 1) continue;
    for (const name of failing.length ? [failing[0][0]] : FACETS) {
      for (const one of thing.filed[name]) {
        const told = counts[name].get(one.value) || { ...one, count: 0 };
        told.count += 1;
        counts[name].set(one.value, told);
      }
    }
  }
  const hits = (asked.whole || chosen.length ? kept : []).sort(SORTED[sort] || SORTED.relevance);
  return {
    total: hits.length,
    hits: hits.slice((page - 1) * size, page * size),
    facets: Object.fromEntries(FACETS.map((name) => [name, listed(counts[name], facets[name] || [], things, name)])),
    asked,
  };
}

function listed(counts, chosen, things, name) {
  for (const value of chosen.filter((one) => !counts.has(one))) {
    const known = things.flatMap((thing) => thing.filed[name]).find((one) => one.value === value);
    if (known) counts.set(value, { ...known, count: 0 });
  }
  return [...counts.values()]
    .map((one) => ({ ...one, selected: chosen.includes(one.value) }))
    .filter((one) => one.selected || !one.top)
    .sort((a, b) => b.selected - a.selected || b.count - a.count || compare(fold(a.label), fold(b.label))
      || compare(a.value, b.value));
}

function met(token, asked) {
  const found = new Set();
  for (const part of fold(token).split(" ")) {
    for (const word of asked.words) if (singular(part) === singular(word)) found.add(singular(word));
    if (asked.opens && part.startsWith(asked.opens)) found.add(singular(asked.opens));
    if (part === asked.code) found.add(asked.code);
  }
  return found;
}

function words_of(text, asked) {
  return new Set((text.match(/[\p{L}\p{N}\u0300-\u036f]+/gu) || []).flatMap((token) => [...met(token, asked)]));
}

/** Return a text in segments [text, matched]. */
export function mark(text, asked) {
  const segments = [];
  let end = 0;
  for (const token of asked.words.length ? text.matchAll(/[\p{L}\p{N}\u0300-\u036f]+/gu) : []) {
    if (!met(token[0], asked).size) continue;
    segments.push([text.slice(end, token.index), false], [token[0], true]);
    end = token.index + token[0].length;
  }
  return [...segments, [text.slice(end), false]].filter(([piece]) => piece);
}

/** Return what else matched: [field, segments] of the first texts that meet words which the label does not. */
export function matches(thing, asked) {
  const told = words_of(thing.label, asked), found = [];
  const every = new Set(asked.words.map(singular));
  for (const [field, text] of [["code", thing.code], ...thing.texts, ["kind", thing.kind.label]]) {
    if (found.length === SHOWN || [...every].every((word) => told.has(word))) break;
    const here = words_of(text, asked);
    if ([...here].some((word) => !told.has(word))) {
      here.forEach((word) => told.add(word));
      found.push([field, cut(mark(text, asked))]);
    }
  }
  return found;
}

function cut(segments) {
  if (segments.reduce((sum, [text]) => sum + text.length, 0) <= LONGEST) return segments;
  const [[text, matched], ...others] = segments;
  const first = !matched && text.length > BEFORE ? [`…${text.slice(-BEFORE).replace(/^\S*\s/, "")}`, false] : [text, matched];
  const kept = [];
  let left = LONGEST;
  for (const segment of [first, ...others]) {
    if (segment[0].length > left) {
      kept.push([`${segment[0].slice(0, left).replace(/\s\S*$/, "")}…`, false]);
      break;
    }
    kept.push(segment);
    left -= segment[0].length;
  }
  return kept;
}
