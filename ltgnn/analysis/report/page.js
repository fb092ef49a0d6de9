"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const board = document.getElementById("board");
  const body = board.tBodies[0];

  // sorting: numbers from high to low first, words from a to z; rows without a value stay last
  all("thead th", board).forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const numeric = head.classList.contains("number");
      const now = head.getAttribute("aria-sort");
      const next = now === "none" ? (numeric ? "descending" : "ascending") : now === "ascending" ? "descending" : "ascending";
      all("thead th", board).forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      const key = (row) => row.cells[column].dataset.value;
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
        const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return sign * order;
      });
      body.append(...rows);
    });
  });

  // filters: a configuration that is filtered out leaves the table and every picture
  const selects = all("select[data-axis]");
  const filter = () => {
    let shown = 0;
    for (const row of body.rows) {
      const fits = selects.every((select, n) => !select.value || row.getAttribute(`data-axis-${n}`) === select.value);
      shown += fits;
      all(`[data-config="${row.dataset.config}"]`).forEach((part) => part.toggleAttribute("hidden", !fits));
    }
    document.getElementById("count").textContent = `${shown} of ${body.rows.length} configurations`;
  };
  selects.forEach((select) => select.addEventListener("change", filter));
  document.querySelector("#leaderboard form").addEventListener("reset", () => setTimeout(filter));

  // words at a mark, by pointer or by keyboard; the same configuration is lit everywhere
  const tip = document.getElementById("tip");
  const light = (part, on) => {
    const number = part.closest("[data-config]")?.dataset.config;
    if (number !== undefined) all(`svg [data-config="${number}"], #board tr[data-config="${number}"]`).forEach((other) => other.classList.toggle("lit", on));
  };
  const show = (part) => {
    const box = part.getBoundingClientRect();
    tip.textContent = part.dataset.tip;
    tip.hidden = false;
    const room = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left + box.width / 2 - room.width / 2), innerWidth - room.width - 8);
    const above = box.top - room.height - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 48 ? above : box.bottom + 8}px`;
    light(part, true);
  };
  const hide = (part) => { tip.hidden = true; light(part, false); };
  all("svg [data-tip]").forEach((part) => {
    part.addEventListener("pointerenter", () => show(part));
    part.addEventListener("pointerleave", () => hide(part));
    part.addEventListener("focus", () => show(part));
    part.addEventListener("blur", () => hide(part));
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

  // one user and two lists at a time; without this script all are shown
  const user = document.getElementById("pick-user");
  const lists = all(".pick-list");
  const pick = () => {
    const wanted = lists.map((select) => select.value);
    all(".user").forEach((article) => {
      article.hidden = article.dataset.user !== user.value;
      all("[data-list]", article).forEach((list) => {
        list.hidden = !wanted.includes(list.dataset.list);
        list.style.order = wanted.indexOf(list.dataset.list) + 1;
      });
    });
  };
  if (user) {
    [user, ...lists].forEach((select) => select.addEventListener("change", pick));
    pick();
  }

  all(".copy").forEach((button) => button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      button.textContent = "Selected";
    }
  }));
})();
