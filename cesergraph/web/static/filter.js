// A box that narrows a long page to what holds the words typed; without this script the page shows all of it.

const plain = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();

for (const box of document.querySelectorAll(".filter")) {
  const input = box.querySelector("input");
  const status = box.querySelector("[role=status]");
  const items = [...document.querySelectorAll(box.dataset.items)].map((item) => [item, plain(item.textContent)]);
  const groups = [...document.querySelectorAll(box.dataset.groups)];

  const narrow = () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [item, text] of items) {
      item.hidden = !words.every((word) => text.includes(word));
      shown += item.hidden ? 0 : 1;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector(`:is(${box.dataset.items}):not([hidden])`);
    }
    status.textContent = words.length ? box.dataset.told.replace("{n}", shown) : "";
  };

  input.addEventListener("input", narrow);
  box.hidden = false;
  narrow();
}
