"use strict";
// Looks questions up in the index beside this file. Nothing is fetched and nothing sent: the parts of the index are
// scripts, so this works from a folder too. What is shown is set as text, never as markup.
const bulletinSearch = (() => {
  const home = document.currentScript.src.replace(/[^/]*$/, "");
  const SHELVES = 64, MOST = 200;
  const RUNS = /[\u3007\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]+|[a-z0-9]+/gu;
  const shelves = new Map();
  const loading = new Map();
  let items = null, known = [];

  const load = (name) => {
    if (!loading.has(name)) {
      loading.set(name, new Promise((done) => {
        const script = document.createElement("script");
        script.src = `${home}${name}.js`;
        script.onload = script.onerror = done;
        document.head.append(script);
      }));
    }
    return loading.get(name);
  };
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const terms = (text) => {
    const found = new Set();
    for (const run of plain(text).match(RUNS) ?? []) {
      const chars = Array.from(run);
      if (/^[a-z0-9]/.test(run)) found.add(run);
      else chars.slice(1).forEach((char, n) => found.add(chars[n] + char));
    }
    return [...found];
  };
  const numbers = (packed) => {
    let at = 0;
    return packed.split(" ").map((step) => (at += parseInt(step, 36)));
  };
  const places = async (term) => {
    const shelf = term.codePointAt(0) % SHELVES;
    if (!known.includes(shelf)) return [];
    await load(String(shelf));
    const held = shelves.get(shelf);
    return held && Object.hasOwn(held, term) ? numbers(held[term]) : [];
  };
  const search = async (question) => {
    await load("items");
    if (!items) return null;
    const squeezed = plain(question).replace(/\s+/g, "");
    if (!squeezed) return [];
    const entitled = items.flatMap((one, n) => (plain(one[0]).replace(/\s+/g, "").includes(squeezed) ? [n] : []));
    const asked = terms(question);
    let both = null;
    for (const term of asked) {
      const here = new Set(await places(term));
      both = both === null ? [...here] : both.filter((n) => here.has(n));
    }
    return [...new Set([...entitled, ...(both ?? [])])];
  };

  const show = (found, list, told) => {
    list.replaceChildren();
    if (found === null) { told.textContent = "检索数据没有载入，请从目录查找。"; return; }
    told.textContent = found.length > MOST ? `共 ${found.length} 条，显示前 ${MOST} 条` : `共 ${found.length} 条`;
    for (const n of found.slice(0, MOST)) {
      const [title, outlet, date, issue, href] = items[n];
      const link = document.createElement("a");
      link.href = href;
      link.textContent = title;
      const about = document.createElement("span");
      about.className = "about";
      about.textContent = [issue, outlet, date].filter(Boolean).join("　");
      const entry = document.createElement("li");
      entry.append(link, " ", about);
      list.append(entry);
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("search");
    const [field, told, list] = ["question", "told", "found"].map((id) => document.getElementById(id));
    let last = 0;
    const ask = async () => {
      const turn = ++last;
      const found = await search(field.value);
      if (turn !== last) return; // a later question was answered first
      if (field.value.trim()) show(found, list, told);
      else { list.replaceChildren(); told.textContent = ""; }
    };
    form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
    field.addEventListener("input", ask);
    form.hidden = false;
  });
  return {
    items: (shelvesThere, all) => { known = shelvesThere; items = all; },
    shelf: (number, held) => { shelves.set(number, held); },
  };
})();
