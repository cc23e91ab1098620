"use strict";
(() => {
  const form = document.getElementById("filters");
  const field = (id) => document.getElementById(id);
  const cases = Array.from(document.querySelectorAll("details.case"));
  const suites = Array.from(document.querySelectorAll("section.suite"));
  // A page may hold megabytes of text: it is gathered when somebody first searches.
  let texts = null;
  const textOf = (index) => (texts ??= cases.map((one) => one.textContent.toLowerCase()))[index];

  const apply = () => {
    const words = field("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const [outcome, group, kind] = ["outcome", "class", "kind"].map((id) => field(id).value);
    const isFiltered = words.length > 0 || outcome !== "" || group !== "" || kind !== "";
    let shown = 0;
    cases.forEach((one, index) => {
      const { tags, class: own, kind: its } = one.dataset;
      one.hidden = !(
        (outcome === "" || tags.split(" ").includes(outcome)) &&
        (group === "" || own === group) &&
        (kind === "" || its === kind) &&
        words.every((word) => textOf(index).includes(word))
      );
      if (!one.hidden) shown += 1;
    });
    for (const suite of suites) {
      suite.hidden = isFiltered && suite.querySelector("details.case:not([hidden])") === null;
    }
    field("nothing").hidden = !isFiltered || shown > 0;
    field("shown").value = `${shown} of ${cases.length} cases`;
    form.classList.toggle("is-filtered", isFiltered);
  };

  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };

  field("search").addEventListener("input", apply);
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  field("clear").addEventListener("click", () => {
    form.reset();
    apply();
  });
  window.addEventListener("hashchange", openTarget);
  form.hidden = cases.length === 0;
  apply();
  openTarget();
})();
