// Oxigraph in a thread of its own: loads dumps, answers queries. Messages in: {load}, {query}, {file};
// out: {engine}, {progress}, {loaded}, {answer}, {file}, {fault}.
const PIECE = 1 << 22, SHOWN = 200;
const LABELS = ["http://www.w3.org/2004/02/skos/core#prefLabel", "http://www.w3.org/2000/01/rdf-schema#label", "http://purl.org/dc/terms/title"];
const ROWS = { csv: "text/csv", tsv: "text/tab-separated-values", json: "application/sparql-results+json", xml: "application/sparql-results+xml" };
const GRAPHS = { ttl: "text/turtle", nt: "application/n-triples", rdf: "application/rdf+xml" };
let oxigraph, store, lang;

async function start({ engine, lang: spoken }) {
  oxigraph = await import(engine);
  await oxigraph.default();
  store = new oxigraph.Store();
  lang = spoken;
  postMessage({ engine: true });
}

/** Yields the text of a gzipped file as it arrives; some servers say it is encoded, and then it arrives unpacked. */
async function* text_of(answer, read) {
  const [first, rest] = answer.body.tee();
  const reader = first.getReader();
  const { value } = await reader.read();
  reader.cancel();
  const is_packed = value?.[0] === 0x1f && value[1] === 0x8b;
  const counted = rest.pipeThrough(new TransformStream({ transform(part, out) { read(part.length); out.enqueue(part); } }));
  const plain = is_packed ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
  const lines = plain.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await lines.read(); !part.done; part = await lines.read()) yield part.value;
}

async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  const total = Number(answer.headers.get("Content-Length")) || 0;
  let loaded = 0, told = 0, kept = "";
  const read = (bytes) => {
    loaded += bytes;
    if (loaded - told > 50_000) postMessage({ progress: (told = loaded), total });
  };
  const take = (lines) => store.load(lines, { format: "application/n-quads", lenient: true, no_transaction: true });
  for await (const part of text_of(answer, read)) {
    kept += part;
    if (kept.length > PIECE) {
      const end = kept.lastIndexOf("\n") + 1;
      take(kept.slice(0, end));
      kept = kept.slice(end);
    }
  }
  take(kept);
  postMessage({ loaded: store.size });
}

/** Returns a query without its strings, comments, IRIs and declarations: what is left are keywords and names. */
function bare(query) {
  return query.replace(/"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|<[^<>"{}|^`\\\s]*>|#[^\n]*/g, " ")
    .replace(/\bPREFIX\s+\S*|[\w-]*:[\w-]*|[?$]\w+/gi, " ");
}

const kind_of = (query) => /\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b/i.exec(bare(query))?.[1].toUpperCase();

function run(query, results_format) {
  const use_default_graph_as_union = !/\bFROM\b/i.test(bare(query));
  return store.query(query, { use_default_graph_as_union, results_format });
}

function answer(query) {
  if (/\bSERVICE\b/i.test(bare(query))) return postMessage({ fault: "service" });
  const kind = kind_of(query);
  if (kind === "CONSTRUCT" || kind === "DESCRIBE") {
    const quads = run(query);
    const rows = quads.slice(0, SHOWN).map((quad) => [quad.subject, quad.predicate, quad.object].map(as_json));
    return show({ columns: null, rows, total: quads.length, files: Object.keys(GRAPHS) });
  }
  const { head, results, boolean } = JSON.parse(run(query, ROWS.json));
  if (boolean !== undefined) return show({ verdict: boolean, rows: [], total: 1, files: [] });
  const columns = head.vars, every = results.bindings.map((row) => columns.map((name) => row[name] || null));
  show({ columns, rows: every.slice(0, SHOWN), chart: chart(columns, every), total: every.length, files: Object.keys(ROWS) });
}

function as_json(term) {
  if (term.termType === "NamedNode") return { type: "uri", value: term.value };
  if (term.termType !== "Literal") return { type: "bnode", value: term.toString() };
  return { type: "literal", value: term.value, "xml:lang": term.language || undefined, datatype: term.datatype.value };
}

/** Returns the first rows of a name and a number each, where the answer is of such rows. */
function chart(columns, rows) {
  const is_number = (term) => term && /#(integer|decimal|double|float|int|long)$/.test(term.datatype || "") && Number(term.value) >= 0;
  const names = new Set(rows.map(([name]) => name?.value));
  const is_fit = columns.length === 2 && rows.length > 1 && names.size === rows.length &&
    rows.every(([name, number]) => name && !is_number(name) && is_number(number)) && rows.some(([, one]) => Number(one.value));
  return is_fit ? rows.slice(0, 30) : null;
}

function show(told) {
  const labels = {};
  for (const term of [...told.rows, ...(told.chart || [])].flat()) {
    if (term?.type === "uri" && !(term.value in labels)) labels[term.value] = label(term.value);
  }
  postMessage({ answer: { ...told, labels } });
}

/** Returns what a thing is called, in the language of the page where it can be, and in which language that is. */
function label(iri) {
  for (const predicate of LABELS) {
    const found = store.match(oxigraph.namedNode(iri), oxigraph.namedNode(predicate), null, null).map((quad) => quad.object)
      .filter((one) => one.termType === "Literal");
    const best = found.find((one) => one.language === lang) || found.find((one) => one.language === "fr") || found[0];
    if (best) return { text: best.value, lang: best.language };
  }
  return null;
}

function file(query, suffix) {
  const type = ROWS[suffix] || GRAPHS[suffix];
  postMessage({ file: run(query, type), type, suffix });
}

async function obey(data) {
  try {
    if (data.engine) await start(data);
    if (data.load) await load(data.load);
    if (data.query) answer(data.query);
    if (data.file) file(data.of, data.file);
  } catch (error) {
    postMessage({ fault: data.query || data.file ? "query" : "load", message: String(error?.message || error) });
  }
}

let last = Promise.resolve();
addEventListener("message", ({ data }) => {
  last = last.then(() => obey(data));
});
