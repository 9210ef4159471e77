// What all pages share: how refusals are shown, what is said aloud, where the focus goes, and the keys.
//
//   desk.told("顺序已保存")                      says it, to eyes and screen readers; a response may carry it as X-Told
//   desk.shortcut("j", next, "下一条")           a key and what it does; it is listed under “?”
//     names: "j", "J" (with Shift), "Ctrl+S", "Ctrl+Enter", "ArrowDown"; those with Ctrl work inside fields too
//   data-focus="NAME [ELSE …]"                  where the focus returns to when what had it was swapped away
//   data-click="KEY" on a button or link        is pressed by that key; data-words says what it does
"use strict";

(() => {
  const SHOWN_MS = 5000;
  const shortcuts = new Map();
  let hiding = 0;
  let lost = [];

  function told(words) {
    const place = document.getElementById("told");
    if (!words) return;
    place.textContent = "";
    // emptied first, so that the same words are read out twice when they are said twice
    requestAnimationFrame(() => { place.textContent = words; });
    place.classList.add("shown");
    clearTimeout(hiding);
    hiding = setTimeout(() => place.classList.remove("shown"), SHOWN_MS);
  }

  function decoded(words) {
    try {
      return decodeURIComponent(words);
    } catch {
      return words;
    }
  }

  // ------------------------------------------------------------------------------------ refusals

  // what answers a script is a part of a page; where a whole one came, its main part says it
  function refuse(markup) {
    const page = new DOMParser().parseFromString(markup, "text/html");
    const place = document.getElementById("notice");
    place.replaceChildren(...(page.querySelector("main") || page.body).childNodes);
    const close = element("button", { type: "button", class: "quiet small" }, "知道了");
    close.addEventListener("click", () => place.replaceChildren());
    (place.querySelector(".notice") || place).append(close);
    place.scrollIntoView({ block: "nearest" });
  }

  function expired() {
    refuse('<div class="notice danger"><h2>登录已失效</h2><p>您写的内容还在页面上，没有丢。请' +
      '<a href="/login" target="_blank" rel="opener">在新标签页登录</a>，然后回到这里再按一次。</p></div>');
  }

  function unanswered(title) {
    refuse(`<div class="notice danger"><h2>${title}</h2><p>您写的内容还在页面上，没有丢。请稍等片刻再试一次。</p></div>`);
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    const words = xhr.getResponseHeader("X-Told");
    if (words) told(decoded(words));
    if (xhr.status < 400) {
      // only what somebody did himself settles it: parts of a page that load by themselves say nothing of it
      const done = event.detail.requestConfig.triggeringEvent?.type;
      if (done === "click" || done === "submit") document.getElementById("notice").replaceChildren();
      // another part of the page may come before the first one has settled, and nothing has the focus then
      const names = document.activeElement?.closest("[data-focus]")?.dataset.focus;
      if (names) lost = names.split(" ");
      return;
    }
    event.detail.isError = false;
    if (xhr.status === 401) {
      event.detail.shouldSwap = false;
      expired();
      return;
    }
    const item = document.getElementById("item");
    if (xhr.status === 409 && item) {
      // both texts side by side, to be merged where they were written
      event.detail.shouldSwap = true;
      event.detail.target = item;
      event.detail.swapOverride = "innerHTML";
      return;
    }
    event.detail.shouldSwap = false;
    refuse(event.detail.serverResponse);
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const words = event.detail.xhr.getResponseHeader("X-Told");
    if (words && event.detail.xhr.status === 204) told(decoded(words));
  });
  document.addEventListener("htmx:sendError", () => unanswered("连不上服务器"));
  document.addEventListener("htmx:timeout", () => unanswered("服务器没有按时回答"));

  document.addEventListener("htmx:afterSettle", () => {
    const names = lost;
    lost = [];
    if (document.activeElement && document.activeElement !== document.body) return;
    for (const name of names) {
      const found = document.querySelector(`[data-focus~="${CSS.escape(name)}"]:not([disabled])`);
      if (found) {
        found.focus({ preventScroll: true });
        found.scrollIntoView({ block: "nearest" });
        return;
      }
    }
  });

  // ------------------------------------------------------------------------------------ keys

  function named(event) {
    const ctrl = event.ctrlKey || event.metaKey;
    const key = ctrl && event.key.length === 1 ? event.key.toUpperCase() : event.key;
    return (ctrl ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + key;
  }

  function writing(target) {
    return target instanceof HTMLElement &&
      (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio], [type=submit], [type=button]), textarea, select"));
  }

  function shortcut(key, action, words) {
    shortcuts.set(key, { action, words });
  }

  function pressed(event) {
    // 229: the key belongs to an input method, also where isComposing is not set yet
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    const key = named(event);
    const withCtrl = key.startsWith("Ctrl+");
    if (!withCtrl && (writing(event.target) || off() || document.querySelector("dialog[open]"))) return;
    const one = shortcuts.get(key);
    if (one) {
      event.preventDefault();
      one.action(event);
      return;
    }
    const button = document.querySelector(`[data-click="${CSS.escape(key)}"]:not([disabled], [aria-disabled="true"])`);
    if (button) {
      event.preventDefault();
      button.click();
    }
  }

  function off() {
    return document.body.dataset.shortcuts === "off";
  }

  function listed() {
    const known = [...shortcuts].map(([key, one]) => [key, one.words]);
    for (const one of document.querySelectorAll("[data-click][data-words]")) known.push([one.dataset.click, one.dataset.words]);
    return new Map(known.filter(([, words]) => words));
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function keys() {
    document.getElementById("keys")?.remove();
    const list = element("dl", { class: "keys" });
    for (const [key, words] of listed()) {
      list.append(element("dt", {}, element("kbd", {}, key.replace("Arrow", ""))), element("dd", {}, words));
    }
    const close = element("button", { type: "button", class: "primary", autofocus: "" }, "关闭");
    const dialog = element("dialog", { id: "keys", "aria-labelledby": "keys-title" },
      element("article", {},
        element("header", {}, element("h2", { id: "keys-title" }, "快捷键")),
        list,
        element("p", { class: "small-print" }, off()
          ? "单键快捷键已关闭，带 Ctrl 的仍可用。"
          : "写字时、用输入法时，单键不起作用；每个快捷键都有对应的按钮。",
        " 开关在", element("a", { href: "/me" }, "我的账号"), "里。"),
        element("footer", { class: "actions" }, close)));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  document.addEventListener("keydown", pressed);
  shortcut("?", keys, "看全部快捷键");
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.addEventListener("click", keys);
    // scripts of a page run after this one; only they know whether there is more to list than this list
    document.addEventListener("DOMContentLoaded", () => { button.hidden = listed().size < 2; });
  }

  // ------------------------------------------------------------------------------------ panes on a phone

  const panes = document.querySelector(".panes");

  function pane(name) {
    if (!panes) return;
    panes.dataset.pane = name;
    for (const tab of document.querySelectorAll(".panetabs a")) {
      tab.setAttribute("aria-current", String(tab.hash === `#${name}`));
    }
  }

  if (panes) {
    pane(new URLSearchParams(location.search).has("item") ? "item" : "list");
    document.addEventListener("click", (event) => {
      const tab = event.target.closest?.(".panetabs a");
      if (!tab) return;
      event.preventDefault();
      pane(tab.hash.slice(1));
      scrollTo({ top: 0 });
    });
  }

  // ------------------------------------------------------------------------------------ files to choose

  // a browser names its own button for files in the language it was installed in
  function files(root) {
    for (const input of root.querySelectorAll("input[type=file]")) {
      if (input.closest(".file")) continue;
      const name = element("span", { class: "meta", "aria-live": "polite" });
      const show = () => { name.textContent = [...input.files].map((one) => one.name).join("、") || "没有选择文件，也可以拖到这里"; };
      const place = element("span", { class: "file" }, element("span", { class: "button", "aria-hidden": "true" }, "选择文件"), name);
      input.replaceWith(place);
      place.append(input);
      input.addEventListener("change", show);
      input.form?.addEventListener("reset", () => setTimeout(show));
      show();
    }
  }

  document.addEventListener("DOMContentLoaded", () => files(document));
  document.addEventListener("htmx:load", (event) => files(event.detail.elt));

  window.desk = { told, shortcut, pane, keys };
})();
