// Curves of verdicts: a gain along an axis and where it passes 1; what less memory costs or buys.
lightloom.curves = (() => {
  const {data, text, charts, sweepCharts, sweepPage} = lightloom;
  const {chooser, panel} = lightloom.parts;
  const gains = [["speedup", "speed-up"], ["energy_gain", "energy gain"]];
  const sources = data.axis("source") ? data.labels("source") : [];
  const scales = [["linear", "linear"], ["logarithmic", "logarithmic"]];
  const overPoints = (one) => one.axes.every((axis) => axis === "source" || data.sweepNames.includes(axis));

  // Where a gain passes 1 between two neighbours: by its logarithm, along the logarithm of x where the axis is logarithmic.
  function crossings(points, logarithmic) {
    const place = logarithmic ? Math.log : (x) => x, back = logarithmic ? Math.exp : (x) => x;
    const sorted = points.filter(({y}) => y !== null && y > 0).sort((a, b) => a.x - b.x);
    return sorted.flatMap((b, index) => {
      const a = sorted[index - 1];
      if (b.y === 1) return a?.y === 1 ? [] : [b.x];
      if (!a || Math.log(a.y) * Math.log(b.y) >= 0) return [];
      const share = Math.log(a.y) / (Math.log(a.y) - Math.log(b.y));
      return [back(place(a.x) + share * (place(b.x) - place(a.x)))];
    });
  }

  // Lines of {label, index, points} with marks {x, label} where they pass 1; `now`, the value of the card, is a dashed line.
  function gainChart(canvas, {lines, marks, title, across, now}) {
    const all = lines.flatMap((one) => one.points.map(({x}) => x)), ends = [Math.min(...all), Math.max(...all)];
    const level = {type: "line", label: "", hidden_label: true, data: ends.map((x) => ({x, y: 1})), borderColor: charts.css("--soft"), borderWidth: 1, pointRadius: 0};
    const gained = lines.flatMap((one) => one.points.map(({y}) => y)).filter((y) => y > 0);
    const upright = now === undefined ? [] : [{...level, borderDash: [4, 4], data: [Math.min(...gained, 1), Math.max(...gained, 1)].map((y) => ({x: now, y}))}];
    canvas.dataset.crossings = marks.length;
    charts.draw(canvas, {
      type: "line",
      data: {datasets: [...lines.map((one) => charts.line(one.label, one.points, one.index)),
        {type: "line", label: "break-even", data: marks.map((one) => ({x: one.x, y: 1, at: one.label})), showLine: false, pointStyle: "rectRot", pointRadius: 7,
         borderColor: charts.css("--ink"), backgroundColor: charts.css("--card"), borderWidth: 2}, level, ...upright]},
      options: {interaction: {mode: "nearest", intersect: false},
                plugins: {legend: charts.legend((item) => item.text === "" || (item.text === "break-even" && marks.length === 0)),
                          tooltip: {filter: (item) => !item.dataset.hidden_label, callbacks: {title: () => "", label: (item) => item.raw.at
                            ? `breaks even with ${item.raw.at} at ${text.plain(item.raw.x)}` : `${item.dataset.label}: ${text.plain(item.raw.y)} at ${text.plain(item.raw.x)}`}}},
                scales: {x: across, y: charts.valueAxis(title, charts.fewTicks((value) => text.plain(value)), {type: "logarithmic", grace: "5%"})}},
    });
    const at = [...new Set(all)].sort((a, b) => a - b);
    const rows = at.map((x) => [x, ...lines.map((one) => one.points.find((point) => point.x === x)?.y ?? null), ""]);
    const marked = marks.map((one) => [one.x, ...lines.map(() => null), one.label]);
    return {head: [across.title.text, ...lines.map((one) => one.label), "breaks even with"], rows: [...rows, ...marked].sort((a, b) => a[0] - b[0])};
  }

  // Of a sweep: along one of its axes of numbers, the others at the point shown.
  function breakEvenPanel() {
    const offered = gains.filter(([name]) => data.has(name, "source") && overPoints(data.variable(name)));
    const axes = data.places.length > 0 ? [] : data.sweepNames.filter((name) => data.numeric(name)).map((name) => [name, data.named(name)]);
    if (offered.length === 0 || axes.length === 0 || sources.length < 2) return;
    const scaleOf = (x) => data.geometric(x) ? "logarithmic" : "linear";
    const state = {name: offered[0][0], x: axes[0][0], scale: scaleOf(axes[0][0])};
    let shown = {head: [], rows: []};
    const set = (key) => (value) => { state[key] = value; redraw(); };
    const redraw = panel({title: "Where it breaks even", wide: true, rows: () => shown,
      note: "How many times the card's own weights are better than each baseline; below 1 they do not pay. Marked: where a gain passes 1, interpolated between two points. Other axes stay at the point shown above.",
      controls: [chooser("gain", offered, state.name, set("name")), chooser("along", axes, state.x, (value) => { state.scale = scaleOf(value); set("x")(value); }),
                 chooser("axis", scales, state.scale, set("scale"))],
      paint: (canvas) => {
        const logarithmic = state.scale === "logarithmic" && Math.min(...data.axis(state.x).values) > 0;
        const lines = data.range(sources.length).slice(1).map((source) => ({label: sources[source], index: source, points: data.along(state.name, state.x, {source})
          .map((y, index) => ({x: data.axis(state.x).values[index], y})).filter(({y}) => y !== null).sort((a, b) => a.x - b.x)})).filter((one) => one.points.length > 0);
        const marks = lines.flatMap((one) => crossings(one.points, logarithmic).map((x) => ({x, label: one.label})));
        shown = gainChart(canvas, {lines, marks, title: offered.find(([name]) => name === state.name)[1],
                                   across: sweepCharts.sweptAxis(state.x, logarithmic ? "logarithmic" : "linear")});
      }});
  }

  // Of `cost --breakeven`: as the program found them, both sides simulated at every value.
  function foundPanel() {
    const offered = gains.filter(([name]) => data.has(`breakeven_${name}`, "baseline", "turned"));
    if (offered.length === 0) return;
    const turned = data.axis("turned"), now = data.attributes.breakeven_card_value;
    const state = {name: offered[0][0]};
    let shown = {head: [], rows: []};
    const redraw = panel({title: "Where it breaks even", wide: true, rows: () => shown,
      note: "How many times the card's own weights are better than each baseline, both simulated in full at every value; below 1 they do not pay. Marked: where a gain passes 1, found by bisection. Dashed: the card as it is.",
      controls: [chooser("gain", offered, state.name, (value) => { state.name = value; redraw(); })],
      paint: (canvas) => {
        const lines = data.labels("baseline").map((label, baseline) => ({label, index: baseline + 1,
          points: turned.values.map((x, index) => ({x, y: data.at(`breakeven_${state.name}`, {baseline, turned: index})}))}));
        const marks = data.axis("crossing") ? lines.flatMap((one, baseline) => data.along(`breakeven_${state.name}_at`, "crossing", {baseline})
          .filter((x) => x !== null).map((x) => ({x, label: one.label}))) : [];
        const unit = turned.unit === "1" ? "times the card's" : turned.unit;
        const across = charts.valueAxis(`${turned.long_name} (${unit})`, charts.fewTicks((value) => text.plain(value)), {type: "logarithmic"});
        shown = gainChart(canvas, {lines, marks, title: offered.find(([name]) => name === state.name)[1], across, now});
      }});
  }

  // What is paid and had for memory: every source at every point, the best of all joined.
  function frontierPanel() {
    const known = (names) => names.filter((name) => data.variable(name) && overPoints(data.variable(name)));
    const across = known(["memory_ratio", "parameter_ratio", "stored_bits_per_weight"]).filter((name) => data.has(name, "source"));
    const up = known(["accuracy_chips_by_source", "accuracy_by_source", "accuracy_chips_mean", "accuracy_source", "mse_chips_mean", "mse_source",
                      "energy", "time", "steady_energy", "steady_time", "area"]);
    const varies = across.filter((name) => sweepPage.varies(data.variable(name)));
    if (varies.length === 0 || up.length === 0) return;
    const state = {x: varies[0], y: up[0], x_scale: "logarithmic", y_scale: text.isAccuracy(up[0]) ? "linear" : "logarithmic"};
    const set = (key) => (value) => { state[key] = value; redraw(); };
    const titles = (names) => names.map((name) => [name, data.title(data.variable(name))]);
    const redraw = panel({title: "What memory buys", wide: true, tall: true,
      note: "Every source of weights" + (data.sweepNames.length > 0 ? " at every point of the sweep" : "") + ". On the front is what nothing else is as good as or better than with as little memory.",
      controls: [chooser("across", titles(varies), state.x, set("x")), chooser("up", titles(up), state.y, set("y")),
                 chooser("across", scales, state.x_scale, set("x_scale")), chooser("up", scales, state.y_scale, set("y_scale"))],
      paint: (canvas) => {
        const of = data.has(state.y, "source") ? sources.map((_, source) => source) : [0];
        const scale = (one, key) => state[key] === "linear" || one > 0;
        const places = of.length === 1 ? data.points() : data.points().flatMap((where) => of.map((source) => ({...where, source})));
        const points = places.map((where) => ({where, source: where.source ?? 0, x: data.at(state.x, where), y: data.at(state.y, where)}))
          .filter((one) => one.x !== null && one.y !== null && scale(one.x, "x_scale") && scale(one.y, "y_scale"));
        const at = (one) => [sources[one.source], data.pointText(one.where)].filter(Boolean).join(", ");
        const best = sweepCharts.front(points, [1, sweepPage.direction(state.y)]), on = new Set(best);
        canvas.dataset.front = best.length;
        const groups = of.map((source) => ({label: sources[source], index: source, points: points.filter((one) => one.source === source && !on.has(one))}));
        sweepCharts.pareto(canvas, {groups, best, names: [state.x, state.y], scales: [state.x_scale, state.y_scale], at});
      }});
  }

  function panels() {
    breakEvenPanel();
    foundPanel();
    frontierPanel();
  }
  return {panels, crossings};
})();
