// Every chart of the page: from slices of the results to Chart.js.
lightloom.charts = (() => {
  const {data, text} = lightloom;
  const drawn = new Map();  // canvas -> Chart
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colours = 10;
  // One colour an index everywhere; past the palette, hues a golden angle apart.
  const colour = (index) => index < colours ? css("--c" + index) : `hsl(${Math.round(index * 137.5) % 360} 45% 52%)`;
  const faded = (hex, opacity) => hex.startsWith("#") ? hex + Math.round(255 * opacity).toString(16).padStart(2, "0") : hex.replace(")", ` / ${opacity})`);

  function draw(canvas, config) {
    drawn.get(canvas)?.destroy();
    Chart.defaults.color = css("--soft");
    Chart.defaults.borderColor = css("--line");
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = 12;
    config.options = {animation: false, maintainAspectRatio: false, interaction: {mode: "index", intersect: false}, ...config.options};
    drawn.set(canvas, new Chart(canvas, config));
  }

  const legend = (hide = () => false) => ({position: "bottom", labels: {boxWidth: 9, boxHeight: 9, padding: 14, usePointStyle: true, filter: (item) => !hide(item)}});
  const tooltip = (shown) => ({callbacks: {label: (item) => item.dataset.hidden_label ? null : `${item.dataset.label}: ${shown(item.parsed.y)}`},
                               filter: (item) => !item.dataset.hidden_label});
  const valueAxis = (title, shown, extra = {}) =>
    ({title: {display: Boolean(title), text: title}, ticks: {callback: (value) => shown(value)}, grid: {color: css("--line")}, ...extra});
  // Of a logarithmic axis the ones, twos and fives.
  const fewTicks = (shown) => (value) => [1, 2, 5].includes(Number((value / 10 ** Math.floor(Math.log10(value) + 1e-9)).toFixed(6))) ? shown(value) : null;
  const categoryAxis = (title, extra = {}) => ({title: {display: Boolean(title), text: title}, grid: {display: false}, ...extra});

  function line(label, values, index, extra = {}) {
    return {type: "line", label, data: values, pointStyle: "circle", borderColor: colour(index), backgroundColor: colour(index), borderWidth: 2,
            pointRadius: 3, spanGaps: true, ...extra};
  }

  // A quantity of every chip as points, the digital networks as level lines: accuracy_chip, accuracy_source, ... of `name` accuracy.
  function perChip(canvas, name) {
    const one = data.variable(name + "_chip"), chips = data.along(one.name, "chip");
    const level = (of, label, index, dash) => data.has(`${name}_${of}`)
      ? [line(label, chips.map(() => data.at(`${name}_${of}`)), index, {pointRadius: 0, pointStyle: "line", borderDash: dash})] : [];
    const count = chips.length, accuracy = text.isAccuracy(one.name);
    const shown = (value) => text.quantity(one, value);
    draw(canvas, {
      data: {labels: data.labels("chip"), datasets: [
        line("on the analog chip", chips, 0, {showLine: false, pointRadius: count > 200 ? 2 : 5, pointHoverRadius: 6}),
        ...level("chips_mean", "mean over chips", 0, []),
        ...level("source", "regenerated, digital", 2, [6, 4]),
        ...level("float", "float, digital", 4, [2, 3])]},
      options: {plugins: {legend: legend(), tooltip: tooltip(shown)},
                scales: {x: categoryAxis("chip", {offset: true}),
                         y: valueAxis(accuracy ? "test accuracy" : "mean squared error", accuracy ? text.tick : shown, {grace: "15%"})}},
    });
  }

  // The share of chips whose accuracy is at least so much, in steps at the chips' accuracies.
  function chipYield(canvas) {
    const sorted = data.along("accuracy_chip", "chip").filter((value) => value !== null).sort((a, b) => a - b);
    const points = sorted.map((x) => ({x, y: (sorted.length - sorted.indexOf(x)) / sorted.length}));
    draw(canvas, {
      type: "line",
      data: {datasets: [line("share of chips", points, 0, {stepped: "after", pointRadius: sorted.length > 200 ? 0 : 3})]},
      options: {interaction: {mode: "nearest", axis: "x", intersect: false}, plugins: {legend: {...legend(), display: false}, tooltip: tooltip(text.percent)},
                scales: {x: valueAxis("test accuracy", text.tick, {type: "linear"}), y: valueAxis("share of chips at least as good", text.tick, {min: 0, max: 1})}},
    });
  }

  // The parts that matter, at most as many as there are colours, in their order; the rest is summed up as "other".
  function withoutMinor(parts) {
    const present = parts.filter((part) => part.values.some((value) => value > 0));
    const share = (part) => Math.max(...part.values.map((value, bar) => value / (parts.reduce((sum, each) => sum + each.values[bar], 0) || 1)));
    const major = [...present].sort((a, b) => share(b) - share(a)).slice(0, colours - 1).filter((part) => share(part) > 0.01);
    const minor = present.filter((part) => !major.includes(part));
    const other = {label: "other", values: parts[0].values.map((_, bar) => minor.reduce((sum, part) => sum + part.values[bar], 0))};
    return [...present.filter((part) => major.includes(part)), ...(minor.length > 1 ? [other] : minor)];
  }

  // Bars lie down where there are too many labels to stand side by side; the plot grows with them.
  function barOptions(canvas, labels, {axis, values, plugins, beside = 1}) {
    const lying = labels.length > 8;
    canvas.parentElement.style.height = lying ? `${90 + (16 + 8 * beside) * labels.length}px` : "";
    return {indexAxis: lying ? "y" : "x", interaction: {mode: "index", axis: lying ? "y" : "x", intersect: false}, plugins,
            scales: lying ? {y: {...axis, ticks: {autoSkip: false}}, x: values} : {x: axis, y: values}};
  }
  const along = (item) => item.chart.options.indexAxis === "y" ? item.parsed.x : item.parsed.y;
  const barTooltip = (shown) => ({callbacks: {label: (item) => `${item.dataset.label}: ${shown(along(item))}`}, filter: (item) => along(item) > 0});

  // Bars over `over`, stacked by `by`.
  function stacked(canvas, name, over, by, where = {}) {
    const one = data.variable(name);
    const shown = (value) => text.si(value, one.unit);
    const parts = data.labels(by).map((label, part) => ({label, number: part, values: data.along(name, over, {...where, [by]: part}).map((value) => value ?? 0)}));
    const datasets = withoutMinor(parts).map((part) => ({
      type: "bar", pointStyle: "rectRounded", label: part.label, backgroundColor: part.number === undefined ? css("--soft") : colour(part.number), borderWidth: 0,
      maxBarThickness: 64, data: part.values}));
    const labels = data.labels(over);
    draw(canvas, {
      type: "bar",
      data: {labels, datasets},
      options: barOptions(canvas, labels, {plugins: {legend: legend(), tooltip: barTooltip(shown)}, axis: categoryAxis(over, {stacked: true}),
                                           values: valueAxis(data.title(one), shown, {stacked: true})}),
    });
  }

  // Bars over `over`, one beside the other for each `by`.
  function grouped(canvas, name, over, by, logarithmic = false) {
    const one = data.variable(name);
    const shown = (value) => text.si(value, one.unit);
    const labels = data.labels(over);
    const decades = (value) => logarithmic && !Number.isInteger(Math.log10(value)) ? null : shown(value);
    draw(canvas, {
      type: "bar",
      data: {labels, datasets: data.range(data.size(by)).map((index) => ({
        type: "bar", pointStyle: "rectRounded", label: data.labels(by)[index], backgroundColor: colour(index), maxBarThickness: 40,
        data: data.along(name, over, {[by]: index})}))},
      options: barOptions(canvas, labels, {plugins: {legend: legend(), tooltip: barTooltip(shown)}, axis: categoryAxis(over), beside: data.size(by),
                                           values: valueAxis(data.title(one), decades, logarithmic ? {type: "logarithmic"} : {})}),
    });
  }

  // Numbers of every source, some beside one another.
  function bySource(canvas, names, axisTitle) {
    const labels = data.labels("source"), shown = (value) => text.plain(value, 3);
    draw(canvas, {
      type: "bar",
      data: {labels, datasets: names.map((name, index) => ({type: "bar", pointStyle: "rectRounded", label: data.title(data.variable(name)),
                                                            backgroundColor: colour(index), maxBarThickness: 40, data: data.along(name, "source")}))},
      options: barOptions(canvas, labels, {plugins: {legend: legend(), tooltip: barTooltip(shown)}, axis: categoryAxis("source"), beside: names.length,
                                           values: valueAxis(axisTitle, shown)}),
    });
  }

  // How fast each layer of a source is against what core and DRAM allow at its multiply-adds for each byte of DRAM.
  function roofline(canvas, source) {
    const peak = data.at("core_peak"), stream = data.at("dram_stream");
    const layers = data.labels("layer").map((at, layer) => ({at, x: data.at("layer_intensity", {source, layer}), y: data.at("layer_attained", {source, layer}),
                                                             roof: data.at("layer_roof", {source, layer})}));
    const drawable = layers.filter((one) => one.x > 0 && one.y > 0), ridge = peak / stream;
    const low = Math.min(ridge, ...drawable.map((one) => one.x)) / 2, high = Math.max(ridge, ...drawable.map((one) => one.x)) * 2;
    const rate = (value) => text.si(value, "MAC/s");
    const roof = (label, points, index) => ({type: "line", label, data: points, borderColor: colour(index), backgroundColor: colour(index), borderWidth: 2,
                                             pointRadius: 0, pointStyle: "line"});
    draw(canvas, {
      type: "scatter",
      data: {datasets: [
        {label: "reached", data: drawable, backgroundColor: colour(0), pointRadius: 5},
        {label: "allowed (buffers too)", data: drawable.map((one) => ({at: one.at, x: one.x, y: one.roof})), borderColor: colour(3), borderWidth: 2, pointRadius: 7, pointStyle: "dash"},
        roof("DRAM", [{x: low, y: low * stream}, {x: ridge, y: peak}], 1), roof("core", [{x: ridge, y: peak}, {x: high, y: peak}], 2)]},
      options: {interaction: {mode: "nearest", intersect: true},
                plugins: {legend: legend(), tooltip: {filter: (item) => item.raw.at !== undefined,
                  callbacks: {label: (item) => `${item.raw.at}, ${item.dataset.label}: ${rate(item.raw.y)} at ${text.plain(item.raw.x, 3)} MAC/B`}}},
                scales: {x: valueAxis("multiply-adds for each byte to or from DRAM", (value) => Number.isInteger(Math.log10(value)) ? text.plain(value) : null,
                                      {type: "logarithmic", min: low, max: high}),
                         y: valueAxis("multiply-adds per second", (value) => Number.isInteger(Math.log10(value)) ? rate(value) : null, {type: "logarithmic"})}},
    });
    return {head: ["layer", "MAC/B", "reached (MAC/s)", "allowed (MAC/s)"], rows: layers.map((one) => [one.at, one.x, one.y, one.roof])};
  }

  // When each layer of a source computes, from end to end: bars that begin where the one before ends, by what gives the time. `window`:
  // the part of the time that is shown.
  function timeline(canvas, name, by, source, window = [0, undefined]) {
    const one = data.variable(name), labels = data.labels("layer");
    const shown = (value) => text.si(value, one.unit);
    let now = 0;
    const spans = data.labels(by).map(() => []);
    for (const layer of data.range(labels.length))
      for (const part of data.range(data.size(by))) {
        const took = data.at(name, {source, layer, [by]: part}) ?? 0;
        spans[part].push(took > 0 ? [now, now + took] : null);
        now += took;
      }
    const bars = data.labels(by).map((label, part) => ({type: "bar", pointStyle: "rectRounded", label, backgroundColor: colour(part), grouped: false,
                                                        maxBarThickness: 20, minBarLength: 1, data: spans[part]}));
    canvas.parentElement.style.height = `${110 + 24 * labels.length}px`;
    draw(canvas, {
      type: "bar",
      data: {labels, datasets: bars.filter((bar) => bar.data.some((span) => span !== null))},
      options: {indexAxis: "y", interaction: {mode: "nearest", axis: "y", intersect: true},
                plugins: {legend: legend(), tooltip: {callbacks: {
                  label: (item) => `${item.dataset.label}: ${shown(item.raw[1] - item.raw[0])} from ${shown(item.raw[0])} on`}}},
                scales: {y: categoryAxis("", {ticks: {autoSkip: false}}), x: valueAxis("time", shown, {min: window[0], max: window[1]})}},
    });
  }

  function curves(canvas, names, x) {
    const one = data.variable(names[0]);
    const shown = (value) => text.quantity(one, value);
    draw(canvas, {
      data: {labels: data.labels(x), datasets: names.map((name, index) => line(data.title(data.variable(name)), data.along(name, x), index))},
      options: {plugins: {legend: legend(), tooltip: tooltip(shown)},
                scales: {x: categoryAxis(x.replaceAll("_", " ")), y: valueAxis("", text.isAccuracy(names[0]) ? text.tick : shown, {grace: "8%"})}},
    });
  }

  // Vertical lines at the gain of the card as it is and at 1, where a verdict flips.
  const levels = (today) => ({id: "levels", afterDatasetsDraw({ctx, chartArea, scales}) {
    for (const [value, dash, colour] of [[today, [4, 4], css("--soft")], [1, [], css("--ink")]]) {
      const at = scales.x.getPixelForValue(value);
      ctx.save();
      ctx.beginPath();
      ctx.setLineDash(dash);
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = colour;
      ctx.moveTo(at, chartArea.top);
      ctx.lineTo(at, chartArea.bottom);
      ctx.stroke();
      ctx.restore();
    }
  }});

  // What moving one number at a time does to one gain: bars from today's gain, the longest on top.
  function tornado(canvas, name, source, today) {
    const most = 16, sides = data.labels("moved");
    const distance = (gain) => gain > 0 && today > 0 ? Math.abs(Math.log(gain / today)) : 0;
    const rows = data.labels("moved_number").map((key, number) => {
      const gains = sides.map((_, moved) => data.at(name, {moved_number: number, moved, source}));
      return {key, number, gains, reach: Math.max(...gains.map(distance))};
    }).filter((row) => row.reach > 1e-9).sort((a, b) => b.reach - a.reach).slice(0, most);
    const shown = rows.flatMap((row) => row.gains).filter((gain) => gain > 0).concat(today, 1);
    const low = Math.min(...shown), high = Math.max(...shown), logarithmic = high > 4 * low;
    const labelled = (gain) => !logarithmic || [1, 2, 5].includes(Number((gain / 10 ** Math.floor(Math.log10(gain) + 1e-9)).toPrecision(3)));
    const value = (row, moved) => moved === null ? data.at("sensitivity_value", {moved_number: row.number})
                                                 : data.at("sensitivity_moved_to", {moved_number: row.number, moved});
    draw(canvas, {
      type: "bar",
      plugins: [levels(today)],
      data: {labels: rows.map((row) => `${row.key} ${text.plain(value(row, null))}`), datasets: sides.map((side, moved) => ({
        label: side, pointStyle: "rectRounded", grouped: false, backgroundColor: faded(colour(moved), 0.8), maxBarThickness: 16,
        data: rows.map((row) => row.gains[moved] > 0 ? [today, row.gains[moved]] : null)}))},
      options: {indexAxis: "y", interaction: {mode: "index", axis: "y", intersect: false},
                plugins: {legend: legend(), tooltip: {callbacks: {
                  label: (item) => `${item.dataset.label}, ${text.plain(value(rows[item.dataIndex], item.datasetIndex))}: ${text.plain(item.raw[1], 3)} ×`,
                  footer: (items) => data.at("sensitivity_provenance", {moved_number: rows[items[0].dataIndex].number})}}},
                scales: {y: categoryAxis("", {ticks: {autoSkip: false}}),
                         x: valueAxis(`gain, ${text.plain(today, 3)} × as the card is`, (gain) => labelled(gain) ? `${text.plain(gain, 3)} ×` : null,
                                      {type: logarithmic ? "logarithmic" : "linear", suggestedMin: 0.98 * low, suggestedMax: 1.02 * high})}},
    });
  }

  // What a chart shows, as rows under a head: labels and the values of every line.
  function rows(canvas) {
    const chart = drawn.get(canvas);
    if (!chart) return {head: [], rows: []};
    const sets = chart.data.datasets.filter((set) => !set.hidden_label);
    if (chart.config.type === "scatter")
      return {head: ["point", ...["x", "y"].map((axis) => chart.options.scales[axis].title.text), sets[0].type === "line" ? "on the front" : "group"],
              rows: sets.flatMap((set, index) => (set.all ?? set.data).map((item) =>
                [set.at(item), item.x, item.y, sets[0].type !== "line" ? item.group : index === 0 ? "yes" : ""]))};
    const axis = chart.options.scales[chart.options.indexAxis === "y" ? "y" : "x"];
    const placed = sets.some((set) => set.data.some((item) => item !== null && typeof item === "object" && !Array.isArray(item)));
    const labels = placed ? sets[0].data.map((item) => item.x) : chart.data.labels;
    return {head: [axis.title.text || "", ...sets.map((set) => set.label)],
            rows: labels.map((label, index) => [label, ...sets.map((set) => spanOrNumber(set.data[index]))])};
  }
  // A point, or the ends of a bar between two values.
  const spanOrNumber = (item) => Array.isArray(item) ? item[1] - item[0] : item !== null && typeof item === "object" ? item.y : item ?? null;

  // How many canvases show more than one colour: the page checks itself, and the tests read it.
  function painted() {
    return [...document.querySelectorAll("canvas")].filter((canvas) => {
      if (canvas.width === 0 || canvas.height === 0) return false;
      const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      return pixels.some((pixel) => pixel !== pixels[0]);
    }).length;
  }
  return {draw, line, colour, faded, css, legend, tooltip, valueAxis, fewTicks, categoryAxis,
          perChip, chipYield, stacked, grouped, bySource, roofline, timeline, curves, tornado, rows, painted};
})();
