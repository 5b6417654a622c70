// What a test would do among 1,000 people, from points of ROC curves. Hidden where no script runs.
(function () {
  "use strict";
  var ACROSS = 50, SIZE = 10;
  var MINUS = "\u2212";

  function whole(x) { return String(Math.round(x)); }
  function percent(x) { return (Math.round(1000 * x) / 10).toFixed(1).replace(/\.0$/, "") + "\u00a0%"; }
  function signed(x) { return (x < 0 ? MINUS : "") + Math.abs(x).toFixed(1); }

  // Of 1,000 people: rounded so that the four groups are 1,000.
  function groups(share, sensitivity, fpr) {
    var ill = Math.round(1000 * share);
    var tp = Math.round(ill * sensitivity), fp = Math.round((1000 - ill) * fpr);
    return { tp: tp, fn: ill - tp, fp: fp, tn: 1000 - ill - fp };
  }

  function draw(svg, people) {
    var parts = [];
    var at = 0;
    ["tp", "fn", "fp", "tn"].forEach(function (kind) {
      for (var i = 0; i < people[kind]; i += 1, at += 1) {
        var x = SIZE * (at % ACROSS) + 1.5, y = SIZE * Math.floor(at / ACROSS) + 1.5;
        parts.push('<rect class="' + kind + '" x="' + x + '" y="' + y + '" width="7" height="7" rx="' + (kind === "fp" ? 3.5 : 1) + '"/>');
      }
    });
    svg.querySelectorAll("rect").forEach(function (one) { one.remove(); });
    svg.insertAdjacentHTML("beforeend", parts.join(""));
    svg.querySelector("title").textContent =
      "Of 1,000 people " + (people.tp + people.fn) + " have it: " + people.tp + " are found and " + people.fn +
      " missed. Of the others " + people.fp + " are called ill and " + people.tn + " cleared.";
  }

  document.querySelectorAll(".panel").forEach(function (panel) {
    function part(name) { return panel.querySelector('[data-name="' + name + '"]'); }
    var places = JSON.parse(part("points").textContent);

    function model() { return places[Number(part("place").value)].models[Number(part("model").value)]; }

    function offerModels() {
      var before = part("model").selectedIndex;
      var models = places[Number(part("place").value)].models;
      part("model").replaceChildren.apply(part("model"), models.map(function (one, i) { return new Option(one.name, i); }));
      part("model").selectedIndex = before >= 0 && before < models.length ? before : 0;
      offerCuts();
    }

    function offerCuts() {
      var cut = part("cut"), points = model().points, before = cut.dataset.fpr;
      cut.max = points.length - 1;
      var wanted = before === undefined ? 0.2 : Number(before);
      var best = 0;
      points.forEach(function (point, i) { if (Math.abs(point[0] - wanted) < Math.abs(points[best][0] - wanted)) best = i; });
      cut.value = best;
      show();
    }

    function show() {
      var point = model().points[Number(part("cut").value)];
      var fpr = point[0], sensitivity = point[1];
      var share = Number(part("prevalence").value) / 100, act = Number(part("threshold").value) / 100;
      var people = groups(share, sensitivity, fpr);
      part("cut").dataset.fpr = fpr;
      part("fpr").textContent = percent(fpr);
      part("share").textContent = percent(share);
      part("act").textContent = percent(act);
      part("cut").setAttribute("aria-valuetext", percent(fpr));
      part("prevalence").setAttribute("aria-valuetext", percent(share));
      part("threshold").setAttribute("aria-valuetext", percent(act));
      Object.keys(people).forEach(function (kind) { part(kind).textContent = whole(people[kind]); });
      part("accuracy").textContent = percent(sensitivity) + ", " + percent(1 - fpr);
      part("ppv").textContent = percent(sensitivity * share / (sensitivity * share + fpr * (1 - share)));
      part("npv").textContent = percent((1 - fpr) * (1 - share) / ((1 - fpr) * (1 - share) + (1 - sensitivity) * share));
      var odds = act / (1 - act);
      part("benefit").textContent =
        signed(1000 * (sensitivity * share - fpr * (1 - share) * odds)) +
        " (acting on everybody: " + signed(1000 * (share - (1 - share) * odds)) + ")";
      part("origin").textContent = "Result " + point[2] + ".";
      draw(panel.querySelector("svg"), people);
    }

    part("place").addEventListener("change", offerModels);
    part("model").addEventListener("change", offerCuts);
    ["cut", "prevalence", "threshold"].forEach(function (name) { part(name).addEventListener("input", show); });
    panel.hidden = false;
    offerModels();
  });
})();
