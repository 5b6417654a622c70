// Sorting, CSV and the origin of numbers. The report reads in full without it.
(function () {
  "use strict";
  var traces = JSON.parse(document.getElementById("traces").textContent);

  function key(row, column) {
    var text = row.cells[column].dataset.sort;
    var number = Number(text);
    return text !== "" && !Number.isNaN(number) ? number : text;
  }

  // Empty cells stay at the end in either direction; equal ones keep their order.
  function compare(a, b, sign) {
    if (a === "" || b === "") return (a === "") - (b === "");
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * String(a).localeCompare(String(b), "en", { numeric: true });
  }

  document.querySelectorAll("button.sort").forEach(function (button) {
    button.addEventListener("click", function () {
      var head = button.closest("th");
      var body = button.closest("table").tBodies[0];
      var sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      head.parentNode.querySelectorAll("th").forEach(function (th) { th.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
      Array.from(body.rows)
        .sort(function (a, b) { return compare(key(a, head.cellIndex), key(b, head.cellIndex), sign); })
        .forEach(function (row) { body.appendChild(row); });
    });
  });

  // What a spreadsheet would take for a formula is made text, unless it is numbers and nothing else;
  // numbers get a plain minus.
  function csvCell(cell) {
    var text = cell.textContent.trim().replace(/\s+/g, " ").replace(/\u2212/g, "-");
    var rest = text.replace(/(^|[ (])[+-](?=\d)/g, "$1").replace(/\bto\b|[\d.,%() \u2013]/g, "");
    if (/^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) && rest) text = "'" + text;
    return '"' + text.replace(/"/g, '""') + '"';
  }

  document.querySelectorAll("button.csv").forEach(function (button) {
    button.addEventListener("click", function () {
      var table = document.querySelector('table[data-name="' + CSS.escape(button.dataset.table) + '"]');
      var lines = Array.from(table.rows).map(function (row) { return Array.from(row.cells).map(csvCell).join(","); });
      var link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
      link.download = button.dataset.table + ".csv";
      link.click();
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
    });
  });

  function origin(id) {
    var found = Object.prototype.hasOwnProperty.call(traces.rows, id) ? traces.rows[id] : null;
    if (!found) return "No number on this page has the id " + id + ". If the study has it: igfmood trace " + id;
    var names = traces.columns
      .map(function (name, place) { return [name, traces.words[found[place]]]; })
      .filter(function (pair) { return pair[1] !== ""; })
      .map(function (pair) { return pair.join(": "); });
    return "Result " + id + ". " + names.join(" · ") + " · igfmood trace " + id;
  }

  var tip = document.getElementById("tip");
  document.addEventListener("click", function (event) {
    document.querySelectorAll(".n.picked").forEach(function (n) { n.classList.remove("picked"); });
    var number = event.target.closest(".n");
    tip.hidden = !number;
    if (number) {
      number.classList.add("picked");
      tip.textContent = origin(number.dataset.result);
    }
  });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") tip.hidden = true; });

  document.getElementById("trace").addEventListener("submit", function (event) {
    event.preventDefault();
    var id = document.getElementById("trace-id").value.trim().toLowerCase();
    document.getElementById("trace-answer").textContent = id ? origin(id) : "";
  });

  // Where a table or figure is wider than the screen, it says so.
  function tellWider() {
    var boxes = Array.from(document.querySelectorAll(".scroll"));
    var wider = boxes.map(function (box) { return box.scrollWidth > box.clientWidth + 1; });
    boxes.forEach(function (box, i) { box.classList.toggle("over", wider[i]); });
  }
  var asked = false;
  function askWider() {
    if (!asked) requestAnimationFrame(function () { asked = false; tellWider(); });
    asked = true;
  }
  window.addEventListener("load", tellWider);
  window.addEventListener("resize", askWider);
  document.addEventListener("toggle", askWider, true);

  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (item) { item.open = true; });
  });
})();
