// Runs a query without leaving the page: the server writes the same answer as for the form, which then takes its place.
const { t } = JSON.parse(document.querySelector("#sparql-told").textContent);
const form = document.querySelector(".sparql");
const field = form.elements.query;
const state = form.querySelector(".state");
const cancel = form.querySelector(".cancel");
let running = null;

/** Puts the answer that a page holds in the place of the one shown. */
function put(page) {
  const found = new DOMParser().parseFromString(page, "text/html").querySelector("#answer");
  if (found) document.querySelector("#answer").replaceWith(document.adoptNode(found));
  return Boolean(found);
}

async function ask(address) {
  running?.abort();
  const mine = (running = new AbortController());
  begin();
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: mine.signal });
    if (!put(await answer.text())) return location.assign(address);
    end(answer.ok ? t.answered : t.failed);
  } catch (error) {
    if (mine === running) end(error.name === "AbortError" ? t.stopped : t.unreachable);
  }
}

function begin() {
  state.textContent = t.running;
  cancel.hidden = false;
  document.querySelector("#answer").classList.add("stale");
}

function end(told) {
  state.textContent = told;
  cancel.hidden = true;
  document.querySelector("#answer").classList.remove("stale");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const address = `${form.action}?${new URLSearchParams({ query: field.value })}`;
  if (address !== location.href) history.pushState(null, "", address);
  ask(address);
});
cancel.addEventListener("click", () => running?.abort());
addEventListener("popstate", () => location.reload());
