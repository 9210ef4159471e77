// The archive's search answers while one types: not on every letter, and never on the letters of an input method.
"use strict";

(() => {
  const PAUSE_MS = 220;
  const form = document.getElementById("seek");
  let waiting = 0;
  let asked = "";

  const said = () => new URLSearchParams(new FormData(form)).toString();
  const ask = () => {
    clearTimeout(waiting);
    if (said() === asked) return;
    asked = said();
    htmx.trigger(form, "seek");
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE_MS);
  };

  asked = said();
  form.addEventListener("input", (event) => { if (!event.isComposing) soon(); });
  form.addEventListener("compositionstart", () => clearTimeout(waiting));
  form.addEventListener("compositionend", soon);
  form.addEventListener("change", soon);
  form.addEventListener("htmx:configRequest", (event) => {
    const said = event.detail.formData;
    for (const name of new Set(said.keys())) if (!said.get(name)) said.delete(name);  // an address one can read
  });
  desk.shortcut("/", () => form.elements.q.select(), "检索");
})();
