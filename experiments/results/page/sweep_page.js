// Panels of a sweep: quantities over its axes, their front, their map.
lightloom.sweepPage = (() => {
  const {data, text, sweepCharts} = lightloom;
  const {element, chooser, panel, tablePanel} = lightloom.parts;
  const names = data.sweepNames;

  // Arrays over all axes of the sweep, and over the weight sources beside them.
  const inGrid = data.variables.filter((one) => !["done", "test_images", "test_fingerprint", "images", ...data.places].includes(one.name) &&
    names.length > 0 && names.every((name) => one.axes.includes(name)) && one.axes.every((axis) => names.includes(axis) || axis === "source"));
  const varies = (one) => { const first = one.values.find((value) => value !== null); return one.values.some((value) => value !== null && value !== first); };
  const varying = inGrid.filter(varies);
  const offered = varying.length > 0 ? varying : inGrid;
  const bySource = (name) => data.has(name, "source");
  const quantities = offered.map((one) => [one.name, data.title(one)]);
  const sources = data.axis("source") ? data.labels("source").map((label, index) => [index, label]) : [];
  const is = (name) => offered.some((one) => one.name === name);
  const swept = names.filter((name) => data.size(name) > 1);
  const longest = (among) => among.reduce((a, b) => data.size(b) > data.size(a) ? b : a, among[0]);
  const set = (state, key, redraw, read = String) => (value) => { state[key] = read(value); redraw(); };

  // Of a gain over itself nothing is to be seen: it opens on the first baseline.
  const sourceOf = (name) => sweepCharts.isGain(name) && sources.length > 1 ? 1 : 0;

  function quantityPanel(title, favourite, wide) {
    const x = longest(swept.length > 0 ? swept : names);
    const state = {name: favourite, x, series: swept.find((name) => name !== x) || "", source: sourceOf(favourite),
                   scale: data.geometric(x) ? "logarithmic" : data.numeric(x) ? "linear" : "even", values: "linear"};
    const axes = names.map((name) => [name, data.named(name)]);
    const series = [["", "nothing"], ...axes, ...(sources.length > 1 ? [["source", "weights"]] : [])];
    const redraw = () => draw();
    const controls = [chooser("quantity", quantities, state.name, set(state, "name", redraw)), chooser("along", axes, state.x, set(state, "x", redraw)),
      chooser("a line for each", series, state.series, set(state, "series", redraw))];
    if (sources.length > 1) controls.push(chooser("weights", sources, state.source, set(state, "source", redraw, Number)));
    const scales = [["even", "even steps"], ["linear", "linear"], ["logarithmic", "logarithmic"]];
    controls.push(chooser("axis", scales, state.scale, set(state, "scale", redraw)), chooser("values", scales.slice(1), state.values, set(state, "values", redraw)));
    const scaleOf = (name) => !data.numeric(name) || (state.scale === "logarithmic" && Math.min(...data.axis(name).values) <= 0) ? "even" : state.scale;
    const usable = () => state.series === state.x || (state.series === "source" && !bySource(state.name)) ? "" : state.series;
    const draw = panel({title, wide, controls,
      note: "Axes that are neither along the chart nor its lines stay at the point shown above. A band is one standard deviation over chips.",
      paint: (canvas) => sweepCharts.sweep(canvas, {name: state.name, x: state.x, series: usable(), scale: scaleOf(state.x), values: state.values,
                                                    where: bySource(state.name) ? {source: state.source} : {}})});
  }

  // 1 where less is better, -1 where more is.
  const direction = (name) => text.isAccuracy(name) || sweepCharts.isGain(name) || /^r2/.test(name) ? -1 : 1;
  const worthwhile = (one) => text.isAccuracy(one.name) || /^(steady_)?(time|energy)$|^area$|speedup|energy_gain|^(mse|mae|r2)_|ratio|bits/.test(one.name);

  function frontPanel() {
    const ranked = offered.filter(worthwhile);
    if (ranked.length < 2 || names.length === 0) return;
    const pick = (wanted, but) => wanted.find((name) => name !== but && ranked.some((one) => one.name === name)) ?? ranked.find((one) => one.name !== but).name;
    const first = pick(["energy", "time"]), second = pick(["accuracy_chips_mean", "accuracy_source", "time", "energy", "area"], first);
    const state = {x: first, y: second, source: 0, x_scale: "linear", y_scale: "linear"};
    const redraw = () => draw();
    const choices = ranked.map((one) => [one.name, data.title(one)]), scales = [["linear", "linear"], ["logarithmic", "logarithmic"]];
    const controls = [chooser("across", choices, state.x, set(state, "x", redraw)), chooser("up", choices, state.y, set(state, "y", redraw)),
      ...(sources.length > 1 ? [chooser("weights", sources, 0, set(state, "source", redraw, Number))] : []),
      chooser("across", scales, "linear", set(state, "x_scale", redraw)), chooser("up", scales, "linear", set(state, "y_scale", redraw))];
    const values = (name) => data.over(name, {source: state.source});
    const draw = panel({title: "What no other design beats", wide: true, tall: true, controls,
      note: "Every point of the sweep. On the front is what no other point is as good as or better than in both: less of time, energy, area, bits and error, more of accuracy and gain.",
      paint: (canvas) => {
        const xs = values(state.x), ys = values(state.y);
        const all = data.points().map((where, i) => ({where, x: xs[i], y: ys[i]})).filter((one) => one.x !== null && one.y !== null);
        const best = sweepCharts.front(all, [direction(state.x), direction(state.y)]), on = new Set(best);
        canvas.dataset.front = best.length;
        sweepCharts.pareto(canvas, {points: all.filter((one) => !on.has(one)), best, names: [state.x, state.y], scales: [state.x_scale, state.y_scale], at: (item) => data.pointText(item.where)});
      }});
  }

  // Every point of a list by one of its coordinates.
  function cloudPanel(title, favourite) {
    const few = (name) => {
      const known = new Set([null, ""]);
      return data.variable(name).values.every((value) => known.add(value).size <= 12);
    };
    const state = {name: favourite, x: data.places.find((name) => !few(name)) ?? data.places[0], group: "", source: sourceOf(favourite), x_scale: "linear", y_scale: "linear"};
    const redraw = () => draw();
    const axes = data.places.map((name) => [name, data.named(name)]), scales = [["linear", "linear"], ["logarithmic", "logarithmic"]];
    const controls = [chooser("quantity", quantities, state.name, set(state, "name", redraw)), chooser("along", axes, state.x, set(state, "x", redraw)),
      chooser("a colour for each", [["", "nothing"], ...axes.filter(([name]) => few(name))], "", set(state, "group", redraw)),
      ...(sources.length > 1 ? [chooser("weights", sources, state.source, set(state, "source", redraw, Number))] : []),
      chooser("axis", scales, "linear", set(state, "x_scale", redraw)), chooser("values", scales, "linear", set(state, "y_scale", redraw))];
    const draw = panel({title, wide: true, tall: true, controls, note: "Every point that was computed and has a value along the axis.",
      paint: (canvas) => sweepCharts.cloud(canvas, {...state, where: bySource(state.name) ? {source: state.source} : {}})});
  }

  function mapPanel(favourite) {
    const most = 60;
    const drawable = swept.filter((name) => data.size(name) <= most);
    if (drawable.length < 2) return;
    const x = longest(drawable), state = {name: favourite, x, y: longest(drawable.filter((name) => name !== x)), source: sourceOf(favourite)};
    const axes = drawable.map((name) => [name, data.named(name)]);
    const redraw = () => draw();
    const controls = [chooser("quantity", quantities, state.name, set(state, "name", redraw)), chooser("across", axes, state.x, set(state, "x", redraw)),
      chooser("down", axes, state.y, set(state, "y", redraw)), ...(sources.length > 1 ? [chooser("weights", sources, state.source, set(state, "source", redraw, Number))] : [])];
    const draw = tablePanel({title: "Over two axes", wide: true, controls,
      note: "Gains: blue above 1, red below. Other axes stay at the point shown above.",
      make: () => {
        if (state.x === state.y) return {made: element("p", {}, "Choose two axes."), head: [], rows: []};
        const map = sweepCharts.heat({name: state.name, x: state.x, y: state.y, where: bySource(state.name) ? {source: state.source} : {}});
        const head = [`${data.named(state.y)} ↓ ${data.named(state.x)} →`, ...map.columns];
        const cells = (row) => row.cells.map((one) => { const made = element("td", {}, one.text); made.style.background = one.background; return made; });
        return {head, rows: map.rows.map((row) => [row.label, ...row.cells.map((one) => one.value)]),
                made: element("table", {className: "heat"}, element("thead", {}, element("tr", {}, ...head.map((one) => element("th", {scope: "col"}, one)))),
                  element("tbody", {}, ...map.rows.map((row) => element("tr", {}, element("th", {scope: "row"}, row.label), ...cells(row)))))};
      }});
  }

  function panels() {
    if (names.length === 0 || offered.length === 0) return;
    const accuracy = ["accuracy_chips_mean", "accuracy_source", "mse_chips_mean", "mse_source"].find(is);
    const gain = ["energy_gain", "speedup"].find(is);
    const opened = accuracy ? [[accuracy, "Over the sweep"]] :
      [["time", "Time over the sweep"], ["energy", "Energy over the sweep"], ["speedup", "Speed-up over the sweep"]].filter(([name]) => is(name));
    const quantity = data.places.length > 0 ? cloudPanel : (title, name) => quantityPanel(title, name, true);
    for (const [name, title] of opened.length > 0 ? opened : [[offered[0].name, "Over the sweep"]]) quantity(title, name);
    frontPanel();
    mapPanel(accuracy ?? gain ?? offered[0].name);
  }

  return {panels, direction, offered, varies};
})();
