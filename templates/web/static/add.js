// Adding: what is pasted from a web page keeps its headings and tables, as long as it is not changed by hand.
"use strict";

(() => {
  const KEPT = "已按网页内容收下，小标题、列表和表格都在；再改动文字，就按纯文字收下。";

  function keep(markup) {
    const how = document.getElementById("add-how");
    how.dataset.before ??= how.textContent;
    how.textContent = markup ? KEPT : how.dataset.before;
    document.getElementById("add-html").value = markup;
  }

  document.addEventListener("paste", (event) => {
    if (event.target.id === "add-text") keep(event.target.value ? "" : event.clipboardData.getData("text/html"));
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "add-text" && event.inputType !== "insertFromPaste") keep("");
  });
})();
