// The draft page: keys that press its buttons, dragging that means the same, and what is looked at.
"use strict";

(() => {
  const page = document.getElementById("draft");
  if (!page || !window.desk) return;
  const base = page.dataset.base;
  const list = document.getElementById("list");

  // ------------------------------------------------------------------------------------ what is looked at

  const rows = () => [...list.querySelectorAll(".candidate[data-handle]")].filter((row) => row.offsetParent !== null);
  const current = () => list.querySelector(".candidate.current");
  const link = (row) => row?.querySelector(".candidate-title a");

  function look(handle) {
    for (const row of list.querySelectorAll(".candidate.current")) {
      row.classList.remove("current");
      link(row)?.removeAttribute("aria-current");
    }
    const row = list.querySelector(`.candidate[data-handle="${CSS.escape(handle)}"]`);
    if (!row) return null;
    row.classList.add("current");
    link(row)?.setAttribute("aria-current", "true");
    return row;
  }

  function step(by) {
    const every = rows();
    const at = every.indexOf(current());
    const row = every[at < 0 ? 0 : Math.min(Math.max(at + by, 0), every.length - 1)];
    if (!row) return;
    row.scrollIntoView({ block: "nearest" });
    link(row)?.focus({ preventScroll: true });
    if (row !== current()) link(row)?.click();
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const asking = event.detail.elt;
    const handle = asking.dataset?.look ?? asking.closest?.(".candidate-title")?.closest(".candidate")?.dataset.handle;
    if (!handle || event.detail.target?.id !== "item") return;
    look(handle);
    if (!asking.hidden) desk.pane("item");
  });

  addEventListener("popstate", () => {
    const handle = new URLSearchParams(location.search).get("item");
    const row = handle && look(handle);
    if (row) htmx.ajax("GET", `${base}/items/${encodeURIComponent(handle)}`, { target: "#item", swap: "innerHTML" });
  });

  // ------------------------------------------------------------------------------------ moving and choosing

  function press(what) {
    const button = current()?.querySelector(`[data-do="${what}"]:not([disabled])`);
    if (!button) return;
    button.focus({ preventScroll: true });
    button.click();
  }

  function renumber() {
    const every = [...list.querySelectorAll("#chosen > .candidate")];
    every.forEach((row, index) => {
      row.dataset.position = index + 1;
      const number = row.querySelector(".number");
      if (number) number.textContent = index + 1;
    });
  }

  // the row moves at once; the answer, which is the list as it was saved, comes after it
  document.addEventListener("htmx:beforeRequest", (event) => {
    const button = event.detail.requestConfig.triggeringEvent?.submitter;
    const way = button?.dataset.do;
    if (way !== "up" && way !== "down") return;
    const row = button.closest(".candidate");
    const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (way === "up") other.before(row); else other.after(row);
    renumber();
    button.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  });

  function place(row, to) {
    const form = row.querySelector(".candidate-buttons");
    if (!form) return;
    htmx.ajax("POST", `${base}/decide`, {
      source: form,
      target: "#list",
      swap: "innerHTML",
      values: { revision: form.elements.revision.value, target: row.dataset.handle, verb: "reorder", to },
    });
  }

  function sortable() {
    const chosen = document.getElementById("chosen");
    if (!chosen || !window.Sortable || !("editable" in page.dataset) || chosen.sortable) return;
    chosen.sortable = Sortable.create(chosen, {
      handle: ".grip",
      draggable: ".candidate",
      animation: 120,
      forceFallback: true,  // the same on a screen one touches
      fallbackTolerance: 3,
      onEnd: ({ item, oldIndex, newIndex }) => {
        if (oldIndex === newIndex) return;
        renumber();
        link(item)?.focus({ preventScroll: true });
        place(item, newIndex + 1);
      },
    });
  }

  let scrolled = 0;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === list) scrolled = list.scrollTop;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== list) return;
    list.scrollTop = scrolled;
    sortable();
  });
  sortable();

  // what was added shows in the list; decisions, and the fields of an item, bring the list with their answer
  document.body.addEventListener("revised", (event) => {
    if (event.target.closest?.("#list, #checks, #walk, #item, .step-back")) return;
    htmx.ajax("GET", `${base}?group=list`, { target: "#list", swap: "innerHTML" });
  });

  // an item that was merged into another is not asked for again: the one that is looked at instead is
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { parameters } = event.detail.requestConfig;
    const item = document.querySelector("#item .item");
    if (event.detail.xhr.status < 400 && parameters?.verb === "merge" && parameters.target === item?.dataset.handle) item.remove();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === list && !document.querySelector("#item .item, #item .merge")) link(current())?.click();
  });

  // ------------------------------------------------------------------------------------ warnings and the walk

  const dock = document.getElementById("checks");
  let warned = "";

  function warning() {
    const fold = document.getElementById("dock");
    const every = [...dock.querySelectorAll(".finding")];
    if (!fold || !every.length) {
      desk.told("没有需要处理的检查结果");
      return;
    }
    fold.open = true;
    const at = every.findIndex((one) => one.dataset.key === warned);
    const next = every[(at + 1) % every.length];
    warned = next.dataset.key;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    next.querySelector("[data-look]")?.click();
  }

  // whoever decides with the keyboard finds the buttons of the next question right after the focus
  let walking = false;
  const walk = document.getElementById("walk");
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== walk) return;
    walking = walk.contains(document.activeElement) || document.activeElement?.dataset.click === "n" || document.activeElement === document.body;
  });
  document.addEventListener("htmx:afterSettle", (event) => {  // before that its buttons would leave the page
    // whoever went on to something else in the meantime stays there
    const left = document.activeElement !== document.body && !walk.contains(document.activeElement);
    if (event.detail.target === walk && walking && !left) walk.querySelector(".walk")?.focus({ preventScroll: true });
  });

  let open = false;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === dock) open = document.getElementById("dock")?.open ?? false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const fold = document.getElementById("dock");
    if (event.detail.target === dock && fold && open) fold.open = true;
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-warning]")) {
      event.preventDefault();
      warning();
    }
    if (event.target.closest?.("[data-adding]") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      document.getElementById("adding").showModal();
      if (!document.getElementById("add").hasChildNodes()) htmx.ajax("GET", `${base}/add`, { target: "#add", swap: "innerHTML" });
    }
    if (event.target.closest?.("[data-close]")) {
      document.getElementById("adding").close();
      // what came of it was read: the next time the dialog begins anew
      if (document.querySelector("#add .outcomes")) setTimeout(() => document.getElementById("add").replaceChildren());
    }
    if (event.target.closest?.("[data-walk-off]")) {
      event.preventDefault();
      document.getElementById("walk").textContent = "";
      document.querySelector('[data-click="n"]')?.focus();
    }
    for (const menu of document.querySelectorAll(".menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
    }
  });

  // what was opened is closed by the same link
  document.addEventListener("click", (event) => {
    const more = event.target.closest?.("[data-more]");
    const place = more && document.getElementById(`more-${more.closest(".candidate").dataset.handle}`);
    if (!place?.hasChildNodes()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    place.textContent = "";
  }, true);

  // ------------------------------------------------------------------------------------ keys

  let wanted = "";  // where the focus goes when the item has come that is on its way
  let coming = 0;
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.target?.id === "item" && event.detail.requestConfig.verb === "get") coming += 1; });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.target?.id === "item" && event.detail.requestConfig.verb === "get") coming = Math.max(0, coming - 1); });
  document.addEventListener("keydown", () => { wanted = ""; }, true);
  document.addEventListener("pointerdown", () => { wanted = ""; }, true);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (wanted && event.detail.target?.id === "item") into(wanted);
  });

  function into(selector) {
    desk.pane("item");
    wanted = coming ? selector : "";
    if (coming) return;  // else what is typed next would go into the item that is about to leave
    const found = document.querySelector(selector);
    if (!found) return;
    found.focus();
    found.scrollIntoView({ block: "nearest" });
  }

  function tab(name) {
    desk.pane("item");
    document.querySelector(`#item [data-tab="${name}"]`)?.click();
  }

  // in a field it takes back what was typed there
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (event.defaultPrevented || event.altKey || !(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    document.querySelector(`.step-back [data-click="${key === "y" || event.shiftKey ? "U" : "u"}"]`)?.click();
  });

  desk.shortcut("j", () => step(1), "下一条");
  desk.shortcut("k", () => step(-1), "上一条");
  desk.shortcut("v", () => tab("text"), "看原文");
  desk.shortcut("d", () => tab("diff"), "看与上一版的差异");
  desk.shortcut("w", warning, "下一条检查结果");
  if ("editable" in page.dataset) {
    desk.shortcut("x", () => press("toggle"), "收录或剔除这一条");
    desk.shortcut("J", () => press("down"), "下移这一条");
    desk.shortcut("K", () => press("up"), "上移这一条");
    desk.shortcut("e", () => into("#item form :is(input:not([type=hidden]), textarea)"), "编辑这一条");
  }
  desk.shortcut("Ctrl+Enter", () => document.getElementById("onward")?.click(), "提交审核、审定或发布");
})();
