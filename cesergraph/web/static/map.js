/* Sorts the table of the map by a click on the head of a column; without this script it is sorted by value. */

const table = document.querySelector(".map-table");
const heads = [...table.tHead.rows[0].cells].filter((head) => head.scope === "col");
const collator = new Intl.Collator("fr");

const key = (row, at) => {
  const { value } = row.cells[at].dataset;
  return value === undefined ? row.cells[at].textContent.trim() : Number(value);
};

const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

const sort = (head) => {
  const isNumeric = head.classList.contains("number");
  const former = head.getAttribute("aria-sort");
  const isAscending = former ? former === "descending" : !isNumeric;
  const body = table.tBodies[0];
  const sorted = [...body.rows].sort((a, b) => compare(key(a, head.cellIndex), key(b, head.cellIndex)));
  body.append(...(isAscending ? sorted : sorted.reverse()));
  for (const one of heads) one.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
};

for (const head of heads) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = table.dataset.sort.replace("{name}", head.textContent);
  button.append(...head.childNodes);
  button.addEventListener("click", () => sort(head));
  head.append(button);
}
