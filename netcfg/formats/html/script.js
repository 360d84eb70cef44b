"use strict";
// The page is whole without this: it only chooses what is shown, sorts, and copies.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (label, name) => Object.assign(document.createElement("button"), { type: "button", textContent: label, className: name });

for (const line of all(".fix")) {
  const code = line.querySelector("code"), button = make("Copy", "copy");
  button.setAttribute("aria-label", "Copy the command: " + code.textContent);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);  // where a page may not write, Ctrl+C can
      button.textContent = "Selected";
      return;
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  line.append(button);
}

const fleet = document.querySelector(".fleet");
for (const [at, heading] of (fleet ? all("thead th", fleet) : []).entries()) {
  const button = make(heading.textContent, "");
  heading.replaceChildren(button);
  button.addEventListener("click", () => {
    const isNumber = heading.classList.contains("n");
    const was = heading.getAttribute("aria-sort");
    const down = was ? was === "ascending" : isNumber;
    all("thead th", fleet).forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = fleet.querySelector("tbody");
    const key = (row) => row.cells[at].textContent.trim();
    const compare = isNumber
      ? (one, other) => (parseInt(key(one)) || 0) - (parseInt(key(other)) || 0)
      : (one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0);
    body.append(...[...body.rows].sort((one, other) => (down ? -1 : 1) * compare(one, other)));
  });
}

const form = document.querySelector(".filter");
if (form) {
  const sections = all("section[data-name]").map((section) => ({
    section,
    name: section.dataset.name.toLowerCase(),
    row: fleet && section.querySelector(".body") && fleet.querySelector(`a[href="#${section.querySelector(".body").id}"]`).closest("tr"),
    cards: all("[data-s]", section).map((card) => ({ card, size: card.querySelectorAll("li").length })),
  }));
  const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const filter = () => {
    const wanted = new FormData(form);
    const severities = wanted.getAll("severity"), rule = wanted.get("rule"), waived = wanted.get("waived");
    const name = (wanted.get("vault") || "").trim().toLowerCase();
    const chooses = form.severity && (severities.length < form.severity.length || rule || waived === "only");
    let shown = 0, total = 0, vaults = 0;
    for (const each of sections) {
      const isNamed = each.name.includes(name);
      let here = 0;
      for (const { card, size } of each.cards) {
        const isWaived = card.classList.contains("waived");
        const fits = severities.includes(card.dataset.s) && (!rule || rule === card.dataset.r) &&
          (!waived || (waived === "only") === isWaived);
        card.hidden = !fits;
        here += fits ? size : 0;
        total += size;
      }
      each.section.hidden = !isNamed || (chooses && here === 0);
      if (each.row) each.row.hidden = each.section.hidden;
      if (!each.section.hidden) {
        shown += here;
        vaults += each.section.classList.contains("vault") ? 1 : 0;
      }
    }
    const of = form.severity ? `${shown} of ${plural(total, "finding")} in ` : "";
    form.querySelector("[role=status]").textContent = `Showing ${of}${plural(vaults, "vault")}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.hidden = false;
  filter();
}

addEventListener("beforeprint", () => all("details").forEach((each) => { each.open = true; }));
