"use strict";
// The page is whole without this: it only chooses what is shown, sorts, and copies.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (label, name) => Object.assign(document.createElement("button"), { type: "button", textContent: label, className: name });

const told = document.querySelector("#told");
const say = (text) => {
  told.textContent = "";
  setTimeout(() => { told.textContent = text; }, 50);  // a region that is filled twice with the same is heard once
};

const copier = (code, command) => {
  const button = make("Copy", "copy");
  button.setAttribute("aria-label", "Copy the command: " + command);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
    } catch {
      getSelection().selectAllChildren(code);  // where a page may not write, Ctrl+C can
      button.textContent = "Selected";
      say("Selected, not copied: " + code.textContent);
      return;
    }
    button.textContent = "Copied";
    say("Copied: " + command);
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return button;
};

// Lines break between words: an option that is broken after its hyphens looks like another one.
const spaced = (code) => {
  const words = code.textContent.split(" ").map((word) => Object.assign(document.createElement("span"), { textContent: word }));
  code.replaceChildren(...words.flatMap((word, at) => (at ? [" ", word] : [word])));
};

// What the commands of a vault begin with is said once, above them.
const base = (within) => within.closest("section").querySelector(".remedy code, .base code").textContent;

// A folded vault gets its buttons when it is opened: a fleet has ten thousand.
const equip = (within) => {
  for (const line of all(".fix:not(.ready)", within)) {
    const code = line.querySelector("code");
    const command = (line.classList.contains("more") ? base(line) + " " : "") + code.textContent;
    spaced(code);
    line.append(copier(code, command));
    line.classList.add("ready");
  }
  all(".start code:not(:has(span)), .base code:not(:has(span))", within).forEach(spaced);
  for (const code of all("li > code:not(.ready)", within)) {
    const card = code.closest("article"), start = card.querySelector(".start code");
    const before = start ? start.textContent + " " : card.classList.contains("more") ? base(code) + " " : "";
    code.after(" ", copier(code, before + code.textContent));
    code.classList.add("ready");
  }
};
for (const section of all("main > section")) {
  const folded = section.querySelector(":scope > details");
  if (folded) folded.addEventListener("toggle", () => equip(section), { once: true });
  else equip(section);
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
    const number = (row) => (key(row) === "?" ? 1e9 : parseInt(key(row).replace(/,/g, ""), 10) || 0);  // the worst: it may be any
    const compare = isNumber
      ? (one, other) => number(one) - number(other)
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
  const unknown = all("[data-u]"), lost = document.querySelector(".lost");
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
    for (const each of unknown) each.hidden = !each.dataset.u.toLowerCase().includes(name);
    if (lost) lost.hidden = all("[data-u]", lost).every((each) => each.hidden);
    const of = form.severity ? `${shown} of ${plural(total, "finding")} in ` : "";
    const beside = new Set(unknown.filter((each) => !each.hidden && lost.contains(each))).size;
    form.querySelector("[role=status]").textContent =
      `Showing ${of}${plural(vaults, "vault")}${beside ? ` and ${beside} undetermined` : ""}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.hidden = false;
  filter();
}

let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details:not([open])");
  opened.forEach((each) => { each.open = true; });
});
addEventListener("afterprint", () => {
  opened.forEach((each) => { each.open = false; });
  opened = [];
});
