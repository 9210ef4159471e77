// What is typed and not yet saved stays in this tab until the server shows that it has it.
//
//   <form data-keep="wang:/issues/…/items/c3f9a">   a key of who, where and what; the form has a field `revision`
//
// Every page that is loaded keeps what is typed into a form under the form's key, its revision and the page's own mark, so
// that nothing that was kept before is written over. It goes when the server answered the form well, or when it renders
// the same text. What else is found is offered above the form: 恢复 puts it back together with the revision it was typed
// on, so that a save which would write over what somebody else did meanwhile is still noticed.
"use strict";

(() => {
  const PREFIX = "keep ";
  const MARK = Date.now().toString(36) + Math.random().toString(36).slice(2, 6);
  const SEPARATOR = " | ";

  function store(action) {
    try {
      return action(window.sessionStorage);
    } catch {
      return null;  // full, or switched off: the form works without
    }
  }

  function begins(form) {
    return PREFIX + form.dataset.keep + SEPARATOR;
  }

  function revision(form) {
    return form.elements.namedItem("revision")?.value ?? "";
  }

  function typed(form) {
    return [...form.elements].filter((one) =>
      one.name && (one.tagName === "TEXTAREA" || (one.tagName === "INPUT" && /^(text|url|search)$/.test(one.type))));
  }

  function plain(text) {
    return text.replace(/\s+/g, " ").trim();
  }

  // several fields may have one name, as the rows of a body do: what stood in it tells which it was
  function changes(form) {
    return typed(form).filter((one) => one.value !== one.defaultValue).map((one) => [one.name, one.value, one.defaultValue]);
  }

  function keep(form) {
    const values = changes(form);
    const key = begins(form) + revision(form) + SEPARATOR + MARK;
    store((kept) => {
      // this page's own, typed before a save that went through meanwhile
      Object.keys(kept).filter((one) => one.startsWith(begins(form)) && one.endsWith(MARK) && one !== key).forEach(forget);
      if (values.length) kept.setItem(key, JSON.stringify({ revision: revision(form), values, at: Date.now() }));
      else kept.removeItem(key);
    });
  }

  function found(form) {
    return store((kept) => Object.keys(kept).filter((key) => key.startsWith(begins(form)) && !key.endsWith(MARK))
      .map((key) => ({ key, ...JSON.parse(kept.getItem(key)) })).sort((a, b) => b.at - a.at)) ?? [];
  }

  function forget(key) {
    store((kept) => kept.removeItem(key));
  }

  function shown(form, values) {
    return values.every(([name, value]) =>
      plain(value) === "" ? typed(form).every((one) => one.name !== name || plain(one.defaultValue) === "")
        : typed(form).some((one) => one.name === name && plain(one.defaultValue) === plain(value)));
  }

  function put(form, one) {
    const lost = [];
    for (const [name, value, was] of one.values) {
      const fields = typed(form).filter((each) => each.name === name);
      // a field that stands alone is the one it was, whatever somebody else wrote into it
      const field = fields.length === 1 ? fields[0] : fields.find((each) => each.defaultValue === was && each.value === was);
      if (field) {
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      } else {
        lost.push(value);
      }
    }
    const seen = form.elements.namedItem("revision");
    if (seen && one.revision) seen.value = one.revision;
    keep(form);
    return lost;
  }

  function button(words, look, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = look;
    made.textContent = words;
    made.addEventListener("click", action);
    return made;
  }

  function offer(form) {
    const kept = found(form);
    for (const one of kept.filter((each) => shown(form, each.values))) forget(one.key);
    const left = kept.filter((one) => !shown(form, one.values));
    if (!left.length || form.previousElementSibling?.classList.contains("kept-offer")) return;
    const notice = document.createElement("div");
    notice.className = "notice info kept-offer";
    notice.setAttribute("role", "status");
    const told = document.createElement("p");
    const when = new Date(left[0].at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
    told.textContent = `这里有 ${when} 写了还没有保存的内容。`;
    notice.append(
      told,
      button("恢复未保存的内容", "small primary", () => {
        const lost = put(form, left[0]);
        forget(left[0].key);
        told.textContent = lost.length ? "已放回；下面这些段落现在没有位置，请自行粘贴：" : "已放回表单，请检查后保存。";
        notice.querySelectorAll("button").forEach((one) => one.remove());
        for (const text of lost) {
          const line = document.createElement("p");
          line.textContent = text;
          notice.append(line);
        }
        typed(form).find((one) => one.value !== one.defaultValue)?.focus();
      }),
      button("不要了", "small quiet", () => {
        for (const one of left) forget(one.key);
        notice.remove();
      }),
    );
    form.before(notice);
  }

  function all(root) {
    const forms = [...root.querySelectorAll("form[data-keep]")];
    if (root.matches?.("form[data-keep]")) forms.push(root);
    forms.forEach(offer);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-keep]");
    if (form) keep(form);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const form = event.detail.elt.closest("form[data-keep]");
    if (form) form.keptSent = { revision: revision(form), values: JSON.stringify(changes(form)) };
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig.elt.closest("form[data-keep]");  // it may have been swapped away by now
    const sent = form?.keptSent;
    if (!sent || event.detail.xhr.status < 200 || event.detail.xhr.status >= 300) return;
    const key = begins(form) + sent.revision + SEPARATOR + MARK;
    store((kept) => {
      // what was typed while the answer was under way is not saved yet
      const now = kept.getItem(key);
      if (now && JSON.stringify(JSON.parse(now).values) === sent.values) kept.removeItem(key);
    });
  });
  document.addEventListener("htmx:load", (event) => all(event.target));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => all(document));
  else all(document);
})();
