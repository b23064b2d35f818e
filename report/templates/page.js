"use strict";
const value = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
};
const before = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th");
    const body = heading.closest("table").tBodies[0];
    const falls = heading.getAttribute("aria-sort") !== "descending";
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const column = heading.cellIndex;
    const rows = [...body.rows].sort((a, b) => before(value(a, column), value(b, column)) * (falls ? -1 : 1));
    body.append(...rows);
  });
}
const FIRST = 8;
for (const block of document.querySelectorAll(".cards")) {
  const input = block.querySelector("input");
  const cards = [...block.querySelectorAll(".card")];
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = cards.filter((card) => words.every((word) => card.dataset.search.toLowerCase().includes(word)));
    const shown = new Set(words.length ? found.slice(0, 30) : cards.slice(0, FIRST));
    for (const card of cards) card.hidden = !shown.has(card);
    if (words.length && found.length === 1) found[0].open = true;
    block.querySelector(".found").textContent = words.length
      ? `${found.length} found${found.length ? "" : " in this sample"}`
      : `The first ${shown.size} of ${cards.length}`;
  };
  input.addEventListener("input", show);
  show();
}
