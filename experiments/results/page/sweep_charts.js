// Charts of sweeps: one quantity over an axis, two against each other, one over two axes.
lightloom.sweepCharts = (() => {
  const {data, text} = lightloom;
  const {draw, line, colour, faded, css, legend, tooltip, valueAxis, fewTicks, categoryAxis} = lightloom.charts;

  // A swept axis: where its coordinates are numbers, they stand where they belong.
  function sweptAxis(name, scale) {
    const unit = data.axis(name).unit && data.axis(name).unit !== "1" ? ` (${data.axis(name).unit})` : "";
    if (scale === "even") return categoryAxis(data.named(name) + unit);
    const values = [...data.axis(name).values].sort((a, b) => a - b);
    const own = (axis) => { if (values.length <= 12) axis.ticks = values.map((value) => ({value})); };
    const span = scale === "logarithmic" ? {min: 0.95 * values[0], max: 1.05 * values.at(-1)} : {};
    return {...valueAxis(data.named(name) + unit, (value) => text.plain(value), {type: scale, ...span}), afterBuildTicks: own, grid: {display: false}};
  }
  // One quantity over one swept axis, a line for each value of another or of the sources; a band of one standard deviation where there
  // is one. `where` fixes the source, `scale` is even, linear or logarithmic.
  function sweep(canvas, {name, x, series, where = {}, scale = "even", values: valueScale = "linear"}) {
    const one = data.variable(name), coordinates = data.axis(x).values;
    const spread = name.endsWith("_mean") && data.has(name.replace(/_mean$/, "_std"), x) ? name.replace(/_mean$/, "_std") : null;
    const placed = (values) => scale === "even" ? values : values.map((y, index) => ({x: coordinates[index], y})).sort((a, b) => a.x - b.x);
    const datasets = (series ? data.range(data.size(series)) : [null]).flatMap((index) => {
      const here = series ? {...where, [series]: index} : where;
      const values = data.along(name, x, here);
      const label = series ? `${data.named(series)} ${data.labels(series)[index]}` : data.title(one);
      const main = line(label, placed(values), index ?? where.source ?? 0);
      if (!spread) return [main];
      const width = data.along(spread, x, here);
      const edge = (sign) => line("", placed(values.map((value, i) => value === null ? null : value + sign * (width[i] ?? 0))), index ?? 0,
        {hidden_label: true, borderWidth: 0, pointRadius: 0, backgroundColor: faded(colour(index ?? 0), 0.14), fill: sign > 0 ? "+1" : false});
      return [main, edge(1), edge(-1)];
    });
    canvas.dataset.scale = scale;
    const shown = (value) => text.quantity(one, value), ticks = text.isAccuracy(name) ? text.tick : shown;
    const logarithmic = valueScale === "logarithmic";
    draw(canvas, {
      data: {labels: data.labels(x), datasets},
      options: {plugins: {legend: {...legend((item) => item.text === ""), display: Boolean(series)}, tooltip: tooltip(shown)},
                scales: {x: sweptAxis(x, scale), y: valueAxis(data.title(one), ticks, logarithmic ? {type: "logarithmic"} : {grace: "8%"})}},
    });
  }

  // Of very many points, those that would be drawn on one another once.
  function thinned(points, scales) {
    const most = 8000;
    if (points.length <= most) return points;
    const seen = new Set(), cells = [400, 140];  // of three pixels on a wide screen
    const share = ["x", "y"].map((key, axis) => {
      const place = scales[axis] === "logarithmic" ? (one) => Math.log(one[key]) : (one) => one[key];
      let low = Infinity, high = -Infinity;
      for (const one of points) {
        low = Math.min(low, place(one));
        high = Math.max(high, place(one));
      }
      return (one) => Math.round(cells[axis] * (place(one) - low) / (high - low || 1));
    });
    return points.filter((one) => {
      const cell = share[0](one) * 1000 + share[1](one);
      return !seen.has(cell) && seen.add(cell);
    });
  }

  // A quantity of every point of a list by a coordinate of numbers or words, a colour for each value of another.
  function cloud(canvas, {name, x, group, where, x_scale, y_scale}) {
    const one = data.variable(name), words = typeof data.variable(x).values.find((value) => value !== null) === "string";
    const places = data.over(x), up = data.over(name, where), of = group ? data.over(group) : [];
    const all = data.points().map((point, i) => ({where: point, x: places[i], y: up[i], group: of[i] ?? null}))
      .filter((item) => item.y !== null && item.x !== null && item.x !== "" && (x_scale === "linear" || words || item.x > 0) && (y_scale === "linear" || item.y > 0));
    const groups = [...new Set(all.map((item) => item.group))].sort((a, b) => a > b ? 1 : -1), many = all.length > 400;
    const label = (value) => !group ? data.title(one) : `${data.named(group)} ${value === null || value === "" ? "none" : value}`;
    const at = (item) => data.pointText(item.where);
    const shown = (item) => `${at(item.raw)}: ${text.quantity(one, item.raw.y)}`;
    const unit = data.variable(x).unit && data.variable(x).unit !== "1" ? ` (${data.variable(x).unit})` : "";
    const across = words ? {...categoryAxis(data.named(x)), type: "category", labels: [...new Set(all.map((item) => item.x))], offset: true}
                         : valueAxis(data.named(x) + unit, (value) => text.plain(value), {type: x_scale});
    const ticks = text.isAccuracy(name) ? text.tick : (value) => text.quantity(one, value);
    canvas.dataset.points = all.length;
    draw(canvas, {
      type: "scatter",
      data: {datasets: groups.map((value, index) => ({label: label(value), at, all: all.filter((item) => item.group === value), backgroundColor: faded(colour(index), many ? 0.35 : 0.7),
                                                      pointRadius: many ? 2 : 4})).map((set) => ({...set, data: words ? set.all : thinned(set.all, [x_scale, y_scale])}))},
      options: {interaction: {mode: "nearest", intersect: true}, plugins: {legend: {...legend(), display: Boolean(group)}, tooltip: {callbacks: {label: shown}}},
                scales: {x: across, y: valueAxis(data.title(one), ticks, {type: y_scale})}},
    });
  }

  // Of the points of a sweep, those that no other is as good as or better than in both quantities, in the order of the first.
  // `signs`: 1 where less is better, -1 where more is.
  function front(points, signs) {
    const cost = (point, axis) => signs[axis] * point[axis === 0 ? "x" : "y"];
    const sorted = [...points].sort((a, b) => cost(a, 0) - cost(b, 0) || cost(a, 1) - cost(b, 1));
    let best = Infinity;
    return sorted.filter((point) => {
      if (cost(point, 1) >= best) return false;
      best = cost(point, 1);
      return true;
    });
  }

  // Every point of a sweep by two of its quantities, the front among them marked and joined.
  // `groups` of {label, index, points} have colours of their own in the place of `points`.
  function pareto(canvas, {points, groups = [{label: "other points", index: 0, points}], best, names, scales, at}) {
    const [one, other] = names.map(data.variable);
    const point = (item) => `${at(item.raw)}: ${text.quantity(one, item.raw.x)}, ${text.quantity(other, item.raw.y)}`;
    const ticks = (which) => (value) => text.isAccuracy(which.name) ? text.tick(value) : text.si(value, which.unit, 4);
    const axis = (which, scale) => scale === "logarithmic" ? valueAxis(data.title(which), fewTicks(ticks(which)), {type: "logarithmic"})
                                                           : valueAxis(data.title(which), ticks(which), {grace: "5%"});
    const many = groups.reduce((sum, one) => sum + one.points.length, 0) > 400;
    draw(canvas, {
      type: "scatter",
      data: {datasets: [
        {type: "line", label: "on the front", data: best, at, borderColor: colour(1), backgroundColor: colour(1), borderWidth: 2, pointRadius: 5, pointStyle: "rectRot"},
        ...groups.map((one) => ({label: one.label, all: one.points, at, data: thinned(one.points, scales), backgroundColor: faded(colour(one.index), many ? 0.35 : 0.7),
                                 pointRadius: many ? 2 : 4}))]},
      options: {interaction: {mode: "nearest", intersect: true},
                plugins: {legend: legend(), tooltip: {callbacks: {label: point}}},
                scales: {x: axis(one, scales[0]), y: axis(other, scales[1])}},
    });
  }

  // Red of cost, blue of gain, white at 1; of other quantities from white to the first colour. `share` is -1 to 1, or 0 to 1.
  function shade(share, diverging) {
    const strong = diverging && share < 0 ? css("--c8") : css("--c0");
    return `color-mix(in srgb, ${strong} ${Math.round(85 * Math.abs(share))}%, ${css("--card")})`;
  }

  // Shares of the colour scale of values: of gains their logarithm, about 1; of the rest from the least to the largest, by their
  // logarithm where they span more than two decades.
  function shares(values, diverging) {
    const finite = values.filter((value) => Number.isFinite(value) && value !== null);
    if (diverging) {
      const most = Math.max(...finite.filter((value) => value > 0).map((value) => Math.abs(Math.log(value))), 1e-12);
      return values.map((value) => value > 0 ? Math.log(value) / most : null);
    }
    const low = Math.min(...finite), high = Math.max(...finite), scale = low > 0 && high > 100 * low ? Math.log : (value) => value;
    return values.map((value) => value === null ? null : high > low ? (scale(value) - scale(low)) / (scale(high) - scale(low)) : 0);
  }

  // A quantity over two swept axes as a table of coloured cells, each with its value.
  function heat({name, x, y, where}) {
    const one = data.variable(name), diverging = isGain(name);
    const columns = data.range(data.size(x)), rows = data.range(data.size(y));
    const values = rows.map((row) => columns.map((column) => data.at(name, {...where, [x]: column, [y]: row})));
    const all = shares(values.flat(), diverging);
    return {columns: data.labels(x), rows: rows.map((row) => ({label: data.labels(y)[row], cells: columns.map((column) => ({
      value: values[row][column], text: text.short(one, values[row][column]),
      background: all[row * columns.length + column] === null ? "" : shade(all[row * columns.length + column], diverging)}))}))};
  }

  const isGain = (name) => /speedup|energy_gain/.test(name);
  return {sweptAxis, sweep, front, pareto, cloud, heat, isGain, shares};
})();
