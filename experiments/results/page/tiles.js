// When every stage of the tile pipeline has which tile: results of kind timeline, one batch, one source of weights.
lightloom.tiles = (() => {
  const {data, text} = lightloom;
  const {colour, css} = lightloom.charts;
  const {panel, redraws} = lightloom.parts;
  const margin = {left: 110, right: 12, top: 8, bottom: 26}, row = 30;

  // Cores of a stage lie below one another within its row.
  function spans() {
    const stages = data.labels("stage"), cores = Math.max(...data.variable("visit_core").values, 0) + 1;
    return {stages, cores, all: data.range(data.size("visit")).flatMap((visit) => stages.map((_, stage) => ({
      visit, stage, from: data.at("start", {visit, stage}), to: data.at("end", {visit, stage}),
      layer: data.at("visit_layer", {visit}), core: data.at("visit_core", {visit})})).filter((span) => span.to > span.from))};
  }

  // Round steps, some eight of them over the window.
  function ticks(from, to) {
    const raw = (to - from) / 8, decade = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((each) => each * decade >= raw) * decade;
    return data.range(Math.floor(to / step) - Math.ceil(from / step) + 1).map((index) => (Math.ceil(from / step) + index) * step);
  }

  function paint(canvas, {stages, cores, all}, [from, to]) {
    const height = margin.top + margin.bottom + row * stages.length;
    canvas.parentElement.style.height = `${height}px`;
    const width = canvas.parentElement.clientWidth || 800, ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, {width: width * ratio, height: height * ratio});
    Object.assign(canvas.style, {width: `${width}px`, height: `${height}px`});
    const draw = canvas.getContext("2d"), inner = width - margin.left - margin.right;
    const x = (time) => margin.left + inner * (time - from) / (to - from);
    draw.scale(ratio, ratio);
    draw.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    draw.textBaseline = "middle";
    stages.forEach((stage, index) => {
      draw.fillStyle = css("--soft");
      draw.textAlign = "right";
      draw.fillText(stage, margin.left - 8, margin.top + row * (index + 0.5));
    });
    draw.textAlign = "center";
    for (const time of ticks(from, to)) {
      draw.fillStyle = css("--line");
      draw.fillRect(x(time), margin.top, 1, row * stages.length);
      draw.fillStyle = css("--soft");
      draw.fillText(text.si(time, "s"), x(time), height - 12);
    }
    let drawn = 0;
    for (const span of all) {
      if (span.to < from || span.from > to) continue;
      const left = Math.max(x(span.from), margin.left), right = Math.min(x(span.to), width - margin.right), thick = (row - 6) / cores;
      draw.fillStyle = colour(span.layer);
      draw.fillRect(left, margin.top + row * span.stage + 3 + thick * span.core, Math.max(right - left - 0.5, 0.6), Math.max(thick - 0.5, 0.6));
      ++drawn;
    }
    canvas.dataset.drawn = drawn;
    canvas.dataset.window = `${from} ${to}`;
  }

  function panels() {
    if (data.attributes.kind !== "timeline" || !data.has("start") || !data.has("end")) return;
    const found = spans(), layers = data.labels("layer");
    const end = Math.max(...found.all.map((span) => span.to));
    let redraw = () => {};
    const window = lightloom.zoom.onTime(() => [0, end], () => redraw());
    const shown = () => found.all.filter((span) => span.to >= window.now()[0] && span.from <= window.now()[1]);
    let listening = false;
    redraw = panel({title: "Tiles", wide: true, controls: window.controls,
      note: `Which tile every stage has when, by layer; ${found.cores > 1 ? "cores below one another; " : ""}weights: ${data.attributes.source}. `
        + "Ctrl and the wheel, dragging, and the keys + - ← → 0 move the window.",
      rows: () => ({head: ["tile", "layer", "core", "stage", "from (s)", "to (s)"],
                    rows: shown().map((span) => [span.visit, layers[span.layer], span.core, found.stages[span.stage], span.from, span.to])}),
      paint: (canvas) => {
        if (!listening) window.listen(canvas, (event) => (event.offsetX - margin.left) / (canvas.clientWidth - margin.left - margin.right));
        listening = true;
        paint(canvas, found, window.now());
      }});
    globalThis.addEventListener("resize", () => redraws.forEach((each) => each()));
    lightloom.tileWindow = window;
  }

  return {panels};
})();
