// Proposes things while a reader types in a search field: a combobox with a list (WAI-ARIA APG 1.2).
// Without it, or when it fails, the field works as it stands.
const WAIT = 150;
const style = document.createElement("link");
style.rel = "stylesheet";
style.href = new URL("suggest.css", import.meta.url);
document.head.append(style);

for (const input of document.querySelectorAll('form[role="search"] input[name="q"]')) furnish(input);

function furnish(input) {
  const address = new URL(input.form.action.replace(/\/recherche$/, "/suggestions"));
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0]?.textContent || "");
  list.hidden = true;
  const frame = document.createElement("div");
  frame.className = "suggested";
  input.replaceWith(frame);
  frame.append(input, list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"],
    ["aria-controls", list.id]]) input.setAttribute(name, value);

  let timer = 0, latest = 0, current = -1;
  const options = () => [...list.children];

  function close() {
    list.hidden = true;
    current = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function show(found) {
    list.replaceChildren(...found.map(({ label, kind, code, path }, place) => {
      const option = document.createElement("li"), name = document.createElement("bdi"), told = document.createElement("span");
      option.id = `${list.id}-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.path = path;
      name.lang = "fr";
      name.textContent = label;
      told.className = "count";
      told.textContent = code ? `${kind} ${code}` : kind;
      option.append(name, told);
      return option;
    }));
    current = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
  }

  function move(to) {
    current = to;
    options().forEach((option, place) => option.setAttribute("aria-selected", String(place === current)));
    const option = options()[current];
    if (!option) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    const mine = (latest += 1);
    if (input.value.trim().length < 2) return close();
    address.search = new URLSearchParams({ q: input.value });
    try {
      const found = await (await fetch(address)).json();
      if (mine === latest && document.activeElement === input) show(found);
    } catch {
      close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    const many = options().length;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      latest += 1;
      close();
    } else if (event.key === "ArrowDown" && many) {
      event.preventDefault();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      move((current + 1) % many);
    } else if (event.key === "ArrowUp" && !list.hidden) {
      event.preventDefault();
      move((Math.max(current, 0) - 1 + many) % many);
    } else if (event.key === "Enter" && !list.hidden && current >= 0) {
      event.preventDefault();
      location.assign(options()[current].dataset.path);
    }
  });
  input.addEventListener("blur", () => {
    latest += 1;
    close();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.path);
  });
}
