// Asks again at once when a filter or the order is changed, and tells how many results there are.
const form = document.querySelector("form.search");
form.classList.add("scripted");
let asked = 0;

async function ask(address, chosen) {
  const mine = (asked += 1);
  let page;
  try {
    const answer = await fetch(address);
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    location.assign(address);
    return;
  }
  if (mine !== asked) return;
  const opened = new Set([...form.querySelectorAll("details[open]")].map(legend));
  const count = document.querySelector("#search-count"), told = page.querySelector("#search-count");
  for (const id of ["search-results", "search-facets"]) {
    document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
  }
  // The element that is announced must be the one that was there before.
  if (count && told) {
    count.textContent = told.textContent;
    document.querySelector("#search-count").replaceWith(count);
  }
  for (const details of form.querySelectorAll("details")) details.open = opened.has(legend(details));
  const again = chosen && form.querySelector(chosen);
  if (again) {
    const hidden = again.closest("details");
    if (hidden) hidden.open = true;
    again.focus({ preventScroll: true });
  }
  document.title = page.title;
  history.replaceState(null, "", address);
}

function legend(details) {
  return details.closest("fieldset").querySelector("legend").textContent;
}

form.addEventListener("change", (event) => {
  const changed = event.target;
  if (changed.type !== "checkbox" && changed.name !== "sort") return;
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) {
    if (value && value !== "relevance") address.searchParams.append(name, value);
  }
  ask(address, changed.type === "checkbox"
    ? `input[name="${CSS.escape(changed.name)}"][value="${CSS.escape(changed.value)}"]` : "#search-sort");
});
