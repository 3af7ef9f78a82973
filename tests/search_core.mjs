// Runs static/search-core.js outside a browser: reads {module, files, lang, searches, texts}, writes what it finds.
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf-8"));
const { fold, mark, matches, read, search } = await import(asked.module);
const things = asked.files.flatMap((file) => read(JSON.parse(readFileSync(file, "utf-8")), asked.lang))
  .sort((a, b) => a.number - b.number);

const answers = asked.searches.map((one) => {
  const found = search(things, one);
  return {
    total: found.total,
    hits: found.hits.map((thing) => thing.path),
    labels: found.hits.map((thing) => mark(thing.label, found.asked)),
    matches: found.hits.map((thing) => matches(thing, found.asked)),
    facets: Object.fromEntries(Object.entries(found.facets).map(([name, values]) => [
      name, values.map(({ value, label, count, selected }) => [value, label, count, selected])])),
  };
});
process.stdout.write(JSON.stringify({ answers, folded: asked.texts.map(fold) }));
