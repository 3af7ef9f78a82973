// Puts an editor in the place of the field of a query: colours, and proposals of prefixes and terms.
// It lives in a shadow tree, where its own styles are style sheet objects, which the page's policy allows.
import {
  autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap, completionKeymap, defaultKeymap, drawSelection,
  EditorState, EditorView, HighlightStyle, highlightActiveLine, history, historyKeymap, keymap, lineNumbers,
  pickedCompletion, Prec, sparql, StreamLanguage, syntaxHighlighting, tags,
} from "./vendor/codemirror/codemirror.js";

const { lang, t, terms } = JSON.parse(document.querySelector("#sparql-told").textContent);
const field = document.querySelector(".sparql textarea");

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent-strong)", fontWeight: "600" },
  { tag: tags.atom, color: "var(--accent)" },
  { tag: tags.string, color: "var(--warn)" },
  { tag: [tags.local(tags.variableName), tags.standard(tags.variableName)], color: "var(--bad)" },
  { tag: [tags.comment, tags.meta], color: "var(--soft)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: ".9rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", minHeight: "14rem", maxHeight: "32rem" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--mark)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--tint)", outline: "1px solid var(--accent)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", border: "1px solid var(--edge)", color: "var(--ink)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)" },
  ".cm-completionDetail": { fontFamily: "var(--sans)", fontStyle: "normal", marginLeft: "1.2em" },
});

let known;

/** Returns the proposals, fetched when the first is wanted. */
async function proposals() {
  known ||= fetch(terms).then((answer) => answer.json()).then(({ prefixes, terms: found }) => ({
    prefixes,
    options: [
      ...found.map(({ name, kind, label }) => ({ label: name, detail: `${label[lang] || label.fr || label.en} (${t[kind]})`, apply: write })),
      ...Object.keys(prefixes).map((prefix) => ({ label: `${prefix}:`, detail: t.prefix, boost: -1, apply: write })),
    ],
  }));
  return known.catch(() => {
    known = undefined;
    return { prefixes: {}, options: [] };
  });
}

/** Writes a proposal, and declares its prefix at the head of the query where that is not done. */
async function write(view, completion, from, to) {
  const { prefixes } = await proposals();
  const [prefix] = completion.label.split(":");
  const is_declared = new RegExp(`PREFIX\\s+${prefix}:`, "i").test(view.state.doc.toString());
  const changes = [{ from, to, insert: completion.label }];
  if (!is_declared) changes.unshift({ from: 0, insert: `PREFIX ${prefix}: <${prefixes[prefix]}>\n` });
  view.dispatch({
    changes,
    selection: { anchor: from + completion.label.length + (is_declared ? 0 : changes[0].insert.length) },
    annotations: pickedCompletion.of(completion),
  });
}

async function propose(context) {
  const word = context.matchBefore(/(?<![?$\w<])[\w-]+:?[\w-]*/);
  if (!word && !context.explicit) return null;
  const { options } = await proposals();
  return { from: word ? word.from : context.pos, options, validFor: /^[\w-]*:?[\w-]*$/ };
}

/** Replaces a selection by what is typed: left to itself a browser keeps its colours, by styles that the policy refuses. */
function replace(event, view) {
  const { from, to, empty } = view.state.selection.main;
  if (event.inputType !== "insertText" || empty || view.composing || !event.data) return false;
  const typed = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  const handlers = view.state.facet(EditorView.inputHandler);
  if (!handlers.some((handle) => handle(view, from, to, event.data, typed))) view.dispatch(typed());
  event.preventDefault();
  return true;
}

function run() {
  field.form.requestSubmit();
  return true;
}

function furnish() {
  const host = document.createElement("div");
  host.className = "editor";
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(),
        StreamLanguage.define(sparql), syntaxHighlighting(colours), look, EditorView.lineWrapping,
        autocompletion({ override: [propose], icons: false }),
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.contentAttributes.of({ "aria-label": `${t.editor}. ${keys.textContent}`, spellcheck: "false", lang: "en" }),
        EditorView.domEventHandlers({ beforeinput: replace }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) field.value = update.state.doc.toString();
        }),
      ],
    }),
  });
  field.hidden = true;
  field.required = false;
  field.after(host);
  keys.hidden = false;
  document.querySelector(`label[for="${field.id}"]`).addEventListener("click", () => view.focus());
  field.form.addEventListener("query", ({ detail }) => {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: detail } });
  });
}

const keys = document.querySelector(".sparql .keys");
furnish();
