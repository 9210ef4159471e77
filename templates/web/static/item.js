// The middle and the right of the draft page: one item being edited, and the bulletin as it will be printed.
//
// What is typed is saved when its field is left, with Ctrl+S, and after ten seconds without a key; never letter by
// letter, for each save is a revision that somebody reads in the history and takes back with one click.
"use strict";

(() => {
  const IDLE_MS = 10_000;
  const LEFT_MS = 300;  // a button that is clicked beside the field says itself what is to be done
  const LIKE_WEB = /<(table|img|li|h[1-6]|blockquote)\b|mso-list|<\/p>[\s\S]*<p\b|<br\b/i;
  const PICTURES_WITHIN = /(src=["'])data:[^"']*/gi;

  let kept = "";       // what the server has of the form
  let idle = 0;
  let leaving = 0;
  let waiting = [];    // who wants to know how a save went

  const form = () => document.getElementById("item-form");
  const rows = () => document.getElementById("item-rows");

  // ------------------------------------------------------------------------------------ the form as it stands

  function bodyRows() {
    return [...rows().querySelectorAll(":scope > .block")].map((row) => ({
      block: row.querySelector(".block-block").value,
      kind: row.querySelector(".block-kind").value,
      text: row.querySelector(".block-text").value,
    }));
  }

  function state() {
    const named = ["title", "outlet", "date", "url"].map((name) => form().elements[name].value);
    return JSON.stringify([named, bodyRows()]);
  }

  const dirty = () => Boolean(form()) && state() !== kept;

  function said(words, trouble = false) {
    const place = document.getElementById("item-state");
    if (!place) return;
    place.textContent = words;
    place.classList.toggle("trouble", trouble);
  }

  function typed() {
    if (!composing) remember();
    if (!dirty()) {
      said("");
      return;
    }
    said("未保存");
    clearTimeout(idle);
    idle = setTimeout(quietly, IDLE_MS);
  }

  function quietly() {
    clearTimeout(idle);
    clearTimeout(leaving);
    if (!dirty() || composing) return;
    if (form().checkValidity()) save();
    else said("未保存：日期应写成 2024-06-04", true);
  }

  /** Saves what was typed; says whether it is saved. */
  function save() {
    clearTimeout(idle);
    clearTimeout(leaving);
    if (!form()) return Promise.resolve(true);
    if (!form().reportValidity()) return Promise.resolve(false);
    return new Promise((done) => {
      waiting.push(done);
      form().requestSubmit();
    });
  }

  function settle(saved) {
    const asked = waiting;
    waiting = [];
    for (const done of asked) done(saved);
  }

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt !== form()) return;
    clearTimeout(idle);
    clearTimeout(leaving);
    const { formData } = event.detail;
    for (const name of ["row-block", "row-kind", "row-text"]) formData.delete(name);
    formData.set("rows", JSON.stringify(bodyRows()));
    form().dataset.sent = state();
    said("正在保存……");
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "item-form") return;
    const { status } = event.detail.xhr;
    const saved = status >= 200 && status < 300;  // by htmx a refusal that the page tells is successful too
    if (saved && form()) {
      kept = form().dataset.sent ?? kept;
      if (dirty()) said("未保存");
    } else if (!saved) {
      said(status ? "没有保存，原因见上方" : "没有保存：连不上服务器，文字还在这里", true);
    }
    settle(saved);
  });

  // whoever goes to another item takes along nothing that is not saved
  document.addEventListener("htmx:confirm", (event) => {
    const { elt, target, path } = event.detail;
    if (elt.matches(".step-back") && dirty()) {
      // what was typed last is what is taken back first; the buttons come anew with the answer
      event.preventDefault();
      const key = elt.querySelector("[data-click]").dataset.click;
      save().then((saved) => { if (saved) document.querySelector(`.step-back [data-click="${key}"]:not([disabled])`)?.click(); });
      return;
    }
    if (target?.id !== "item" || elt === form() || !dirty()) return;
    event.preventDefault();
    save().then((saved) => {
      if (!saved) window.desk?.told("本条还没有保存，没有离开");
      else if (elt.isConnected) event.detail.issueRequest(true);
      else document.querySelector(`#list [hx-get="${path}"]`)?.click();  // the list came anew with the answer
    });
  });

  window.addEventListener("beforeunload", (event) => {
    if (dirty()) event.preventDefault();
  });

  // ------------------------------------------------------------------------------------ fields

  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", (event) => {
    composing = false;
    if (event.target.closest?.("#item-rows")) remember(event.target);
  });

  document.addEventListener("input", (event) => {
    if (!event.target.closest?.("#item-form")) return;
    grow(event.target);
    if (!composing) remember(event.target);
    typed();
  });

  document.addEventListener("focusout", (event) => {
    const from = event.target.closest?.("#item-form");
    if (!from) return;
    const body = event.target.closest("#item-rows");
    if (body && event.relatedTarget && body.contains(event.relatedTarget)) return;
    clearTimeout(leaving);
    leaving = setTimeout(quietly, LEFT_MS);
  });

  function grow(field) {
    if (!(field instanceof HTMLTextAreaElement) || CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  // ------------------------------------------------------------------------------------ rows of the body

  function element(markup) {
    const holder = document.createElement("template");
    holder.innerHTML = markup.trim();
    return holder.content.firstElementChild;
  }

  function newRow(kind, text) {
    const like = document.getElementById("block-blank").content.firstElementChild.cloneNode(true);
    like.querySelector(".block-kind").value = kind;
    like.querySelector(".block-text").value = text;
    return dressed(like);
  }

  function dressed(row) {
    const kind = row.querySelector(".block-kind");
    row.className = `block block-${kind.value}`;
    if (!row.querySelector(".block-tools")) {
      const tools = document.createElement("span");
      tools.className = "block-tools";
      for (const [name, sign, words] of [["up", "↑", "上移本段"], ["down", "↓", "下移本段"], ["gone", "✕", "删去本段"]]) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "quiet icon small";
        button.dataset.block = name;
        button.textContent = sign;
        button.title = words;
        button.setAttribute("aria-label", words);
        tools.append(button);
      }
      row.append(tools);
    }
    grow(row.querySelector("textarea"));
    return row;
  }

  function focusAt(field, place) {
    field.focus();
    field.setSelectionRange(place, place);
  }

  function split(field) {
    present = { ...present, field, place: field.selectionStart };
    const row = field.closest(".block");
    const kind = row.querySelector(".block-kind").value;
    const after = field.value.slice(field.selectionEnd).trimStart();
    field.value = field.value.slice(0, field.selectionStart).trimEnd();
    const made = newRow(/^(heading|caption)/.test(kind) ? "paragraph" : kind, after);
    row.after(made);
    grow(field);
    focusAt(made.querySelector(".block-text"), 0);
    typed();
  }

  function joined(first, second) {
    const place = first.value.length;
    present = { ...present, field: document.activeElement, place: document.activeElement.selectionStart };
    first.value += second.value;
    second.closest(".block").remove();
    grow(first);
    focusAt(first, place);
    typed();
  }

  const textBeside = (field, step) => {
    const row = field.closest(".block");
    const beside = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    return beside?.querySelector("textarea.block-text") ?? null;
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.isComposing || event.keyCode === 229 || !(field instanceof HTMLTextAreaElement)) return;
    if (field.classList.contains("one-line") && event.key === "Enter") {
      event.preventDefault();
      return;
    }
    if (!field.matches("#item-rows .block-text") || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = field.selectionStart === field.selectionEnd ? field.selectionStart : -1;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      split(field);
    } else if (event.key === "Backspace" && here === 0) {
      const before = textBeside(field, -1);
      if (!before) return;
      event.preventDefault();
      joined(before, field);
    } else if (event.key === "Delete" && here === field.value.length) {
      const after = textBeside(field, 1);
      if (!after) return;
      event.preventDefault();
      joined(field, after);
    } else if (event.key === "ArrowUp" && here === 0 && textBeside(field, -1)) {
      event.preventDefault();
      const before = textBeside(field, -1);
      focusAt(before, before.value.length);
    } else if (event.key === "ArrowDown" && here === field.value.length && textBeside(field, 1)) {
      event.preventDefault();
      focusAt(textBeside(field, 1), 0);
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-block]");
    if (!button || !rows()) return;
    const row = button.closest(".block");
    if (button.dataset.block === "add") {
      const made = newRow("paragraph", "");
      rows().append(made);
      made.querySelector(".block-text").focus();
    } else if (button.dataset.block === "up") {
      row.previousElementSibling?.before(row);
      button.focus();
    } else if (button.dataset.block === "down") {
      row.nextElementSibling?.after(row);
      button.focus();
    } else {
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("textarea, button");
      row.remove();
      window.desk?.told("已删去本段；在下方“原文”里可以恢复");
      next?.focus();
    }
    typed();
  });

  document.addEventListener("change", (event) => {
    const kind = event.target;
    if (!kind.matches?.("#item-rows select.block-kind")) return;
    kind.closest(".block").className = `block block-${kind.value}`;
    grow(kind.closest(".block").querySelector("textarea"));
    typed();
  });

  // ------------------------------------------------------------------------------------ back and forth in the body

  // A field that a script wrote to forgets what was typed before, and no browser takes back a paragraph that was split,
  // joined, moved or put out: so the body has a past of its own, for as long as the item is open.
  const RUN_MS = 1500;  // what is typed into one field without such a pause is taken back together
  let past = [];
  let future = [];
  let present = null;
  let run = { field: null, at: 0 };  // of typing that goes on

  function snapshot() {
    const field = document.activeElement?.closest?.("#item-rows textarea");
    const lines = [...rows().children].map((row) => ({
      row, kind: row.querySelector(".block-kind").value, text: row.querySelector(".block-text").value,
    }));
    return { lines, field, place: field?.selectionStart ?? 0 };
  }

  const same = (one, other) => one.lines.length === other.lines.length && one.lines.every((line, at) =>
    line.row === other.lines[at].row && line.kind === other.lines[at].kind && line.text === other.lines[at].text);

  function remember(typing = null) {
    if (!rows() || !present) return;
    const now = snapshot();
    if (same(now, present)) {
      present = now;
      return;
    }
    const goesOn = typing && typing === run.field && Date.now() - run.at < RUN_MS;
    if (!goesOn) past.push(present);
    run = { field: typing, at: Date.now() };
    future = [];
    present = now;
  }

  function step(from, to) {
    const back = from.pop();
    if (!back) {
      window.desk?.told(from === past ? "正文没有可撤销的改动了" : "正文没有可重做的改动了");
      return;
    }
    const left = snapshot();
    to.push(left);
    rows().replaceChildren(...back.lines.map((line) => line.row));
    for (const { row, kind, text } of back.lines) {
      row.querySelector(".block-kind").value = kind;
      const field = row.querySelector(".block-text");
      if (field.value !== text) field.value = text;
      row.className = `block block-${kind}`;
      grow(field);
    }
    present = back;
    run = { field: null, at: 0 };
    const field = back.field?.isConnected ? back.field : rows().querySelector("textarea");
    if (field) focusAt(field, Math.min(back.place, field.value.length));
    field?.scrollIntoView({ block: "nearest" });
    field?.dispatchEvent(new Event("input", { bubbles: true }));  // what is kept in this tab goes along
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    if (!event.target.closest?.("#item-rows")) return;
    const key = event.key.toLowerCase();
    const again = key === "y" || (key === "z" && event.shiftKey);
    if (key !== "z" && !again) return;
    event.preventDefault();
    remember();
    if (again) step(future, past); else step(past, future);
  });

  // the caret stays where it was before the change, not where the last one left it
  document.addEventListener("beforeinput", (event) => {
    if (event.inputType === "historyUndo" || event.inputType === "historyRedo") {
      if (!event.target.closest?.("#item-rows")) return;
      event.preventDefault();  // from the menu of the browser
      if (event.inputType === "historyUndo") step(past, future); else step(future, past);
    } else if (present && event.target.closest?.("#item-rows") && same(snapshot(), present)) {
      present = snapshot();
    }
  });

  // ------------------------------------------------------------------------------------ pasting

  document.addEventListener("paste", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLTextAreaElement) || !field.matches("#item-rows .block-text")) return;
    const web = event.clipboardData.getData("text/html");
    const plain = event.clipboardData.getData("text/plain");
    if (web && LIKE_WEB.test(web)) {
      event.preventDefault();
      pasteWeb(field, web);
    } else if (/\n/.test(plain.trim())) {
      event.preventDefault();
      const lines = plain.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
      insert(field, lines.map((line) => newRow("paragraph", line)));
    }
  });

  async function pasteWeb(field, web) {
    const sent = new FormData();
    const address = field.closest("[data-address]").dataset.address;
    sent.set("html", new Blob([web.replace(PICTURES_WITHIN, "$1")], { type: "text/html" }), "paste.html");
    sent.set("csrf", form().elements.csrf?.value ?? "");
    said("正在整理粘贴的内容……");
    let answer;
    let markup;
    try {
      answer = await fetch(`${address}/paste`, { method: "POST", body: sent, headers: { "HX-Request": "true" } });
      markup = await answer.text();
    } catch {
      said("没有粘贴：连不上服务器", true);
      return;
    }
    if (!answer.ok) {
      document.getElementById("notice").innerHTML = markup;
      said("没有粘贴，原来的正文不变", true);
      return;
    }
    const holder = document.createElement("template");
    holder.innerHTML = markup;
    insert(field, [...holder.content.querySelectorAll(".block")].map(dressed));
    window.desk?.told(decodeURIComponent(answer.headers.get("X-Told") ?? ""));
  }

  /** Puts rows where the caret is; what stood behind it comes after them. */
  function insert(field, made) {
    const row = field.closest(".block");
    const before = field.value.slice(0, field.selectionStart).trimEnd();
    const after = field.value.slice(field.selectionEnd).trimStart();
    const kind = row.querySelector(".block-kind").value;
    row.after(...made);
    if (after) made.at(-1)?.after(newRow(kind, after));
    if (before) field.value = before;
    else row.remove();
    made.at(-1)?.querySelector("textarea")?.focus();
    typed();
  }

  // ------------------------------------------------------------------------------------ the preview

  const frameOf = () => document.querySelector("#preview-page iframe");
  const anchorNow = () => document.querySelector("#item .item")?.dataset.anchor ?? "";

  function toAnchor(frame, anchor) {
    const found = anchor && frame.contentDocument?.getElementById(anchor);
    if (found) frame.contentWindow.scrollTo({ top: found.offsetTop - 8 });
  }

  function refresh() {
    const place = document.getElementById("preview-page");
    const old = frameOf();
    if (!place || !old) return;
    document.getElementById("preview-layout")?.classList.add("stale");
    place.querySelector("iframe.coming")?.remove();
    const made = old.cloneNode();
    made.className = "coming";  // behind the old one until it is drawn, so that nothing flickers
    made.removeAttribute("loading");
    made.setAttribute("aria-hidden", "true");
    made.addEventListener("load", () => {
      made.contentWindow?.scrollTo({ top: old.contentWindow?.scrollY ?? 0 });
      made.classList.remove("coming");
      made.removeAttribute("aria-hidden");
      old.remove();
    }, { once: true });
    made.src = `${place.dataset.address}?at=${Date.now()}`;
    place.append(made);
  }

  let scrolled = { handle: "", top: 0 };
  let tab = { handle: "", name: "" };  // of the source: which of its tabs was looked at

  document.body.addEventListener("revised", (event) => {
    refresh();
    const item = document.querySelector("#item .item");
    if (!item || dirty() || event.target.matches?.("#item-form, [data-restore]")) return;
    scrolled = { handle: item.dataset.handle, top: document.getElementById("item").scrollTop };
    tab = { handle: item.dataset.handle, name: item.querySelector("[data-tab][aria-current]")?.dataset.tab ?? "" };
    htmx.ajax("GET", item.dataset.address, { target: "#item", swap: "innerHTML" });
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, formData } = event.detail;
    if (elt.id === "source" && tab.name && elt.closest(".item")?.dataset.handle === tab.handle) formData.set("tab", tab.name);
  });

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest?.("[data-preview]");
    if (!chosen) return;
    event.preventDefault();
    const layout = chosen.dataset.preview === "layout";
    document.getElementById("preview-page").hidden = layout;
    const pages = document.getElementById("preview-layout");
    pages.hidden = !layout;
    pages.classList.remove("stale");
    for (const one of document.querySelectorAll("[data-preview]")) {
      if (one === chosen) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
  });

  // ------------------------------------------------------------------------------------ whenever an item comes

  function begin() {
    if (!form()) return;
    if (!document.getElementById("block-blank")) return;
    for (const row of rows().querySelectorAll(":scope > .block")) dressed(row);
    for (const field of form().querySelectorAll("textarea")) grow(field);
    if (!form().querySelector('[data-block="add"]')) {
      rows().after(element('<button type="button" class="quiet small block-add" data-block="add">＋ 加一段</button>'));
    }
    kept = state();
    [past, future, run] = [[], [], { field: null, at: 0 }];
    present = snapshot();
  }

  // a decision about the item brings it anew beside the list
  for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
    document.addEventListener(name, (event) => {
      if (event.detail.target?.id !== "item") return;
      begin();
      if (scrolled.handle === document.querySelector("#item .item")?.dataset.handle) event.detail.target.scrollTop = scrolled.top;
      scrolled = { handle: "", top: 0 };
      const frame = frameOf();
      if (frame) toAnchor(frame, anchorNow());
    });
  }

  // an address with a fragment would scroll the page as well, down to the preview where that lies below
  document.addEventListener("load", (event) => {
    if (event.target === frameOf()) toAnchor(event.target, anchorNow());
  }, true);
  if (frameOf()) toAnchor(frameOf(), anchorNow());

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
  window.desk?.shortcut("Ctrl+S", save, "保存本条");
})();
