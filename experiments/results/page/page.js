// The page: headline figures, one panel for each chart the results allow, tables, provenance.
(() => {
  const {data, text, charts, sweepPage} = lightloom;
  const {redraws, element, chooser, numberChooser, panel} = lightloom.parts;

  function figure(label, number, small, note) {
    return element("div", {className: "figure"}, element("div", {className: "label"}, label),
      element("div", {className: "number"}, number, element("small", {}, small ? " " + small : "")),
      element("div", {className: "note"}, note || ""));
  }

  const known = (value) => value !== null && Number.isFinite(value);

  function headline() {
    const figures = [];
    const value = (name, where) => data.at(name, where);
    if (Number.isFinite(value("accuracy_float"))) figures.push(figure("Float accuracy", text.percent(value("accuracy_float")), "", "digital"));
    if (data.has("accuracy_source"))
      figures.push(figure("Regenerated accuracy", text.percent(value("accuracy_source")), "", "digital, " + sourceName()));
    if (data.has("accuracy_chips_mean")) {
      const low = value("accuracy_chips_low"), high = value("accuracy_chips_high");
      figures.push(figure("On analog chips", text.percent(value("accuracy_chips_mean")), "",
        `± ${text.percent(value("accuracy_chips_std"))} over ${data.size("chip")} chips` +
        (known(low) ? `; 95 % interval of the mean ${(100 * low).toFixed(2)}–${text.percent(high)}` : "")));
    }
    for (const [of, label, note] of [["float", "Float error", "digital"], ["source", "Regenerated error", "digital, " + sourceName()]])
      if (Number.isFinite(value("mse_" + of)))
        figures.push(figure(label, text.plain(value("mse_" + of), 4), "", `mean squared; R² ${text.plain(value("r2_" + of), 4)}, ${note}`));
    if (Number.isFinite(value("mse_chips_mean")))
      figures.push(figure("Error on analog chips", text.plain(value("mse_chips_mean"), 4), "",
        `mean squared, ± ${text.plain(value("mse_chips_std"), 2)} over ${data.size("chip")} chips`));
    if (data.has("stored_bits_per_weight"))
      figures.push(figure("Stored bits per weight", text.plain(value("stored_bits_per_weight"), 3), "",
        data.has("memory_ratio") ? `memory ratio ${text.plain(value("memory_ratio"), 3)} of 32-bit` : ""));
    if (data.has("time")) figures.push(figure("Time per batch", text.si(value("time", {source: 0}), "s"), "", batchNote()));
    if (data.has("energy")) figures.push(figure("Energy per batch", text.si(value("energy", {source: 0}), "J"), "", batchNote()));
    if (data.has("speedup"))
      data.labels("source").slice(1).forEach((name, index) => {
        const gain = value("energy_gain", {source: index + 1});
        figures.push(figure(`Speed-up, ${name}`, text.plain(value("speedup", {source: index + 1}), 3), "×",
          gain === null ? "" : `${text.plain(gain, 3)} × less energy`));
      });
    document.getElementById("headline").replaceChildren(...figures);
  }

  // Accuracies whose test images chose something are none on unseen images.
  function warning() {
    const place = document.getElementById("warning");
    const say = (sentence) => { place.hidden = false; place.append(element("div", {}, sentence)); };
    if (data.attributes.left_out) say("Too large for a page and left out of it: " + data.attributes.left_out + ". lightloom export has them all.");
    if (data.attributes.images_chose) say("No accuracy on unseen images: the test images chose " + data.attributes.images_chose.replaceAll("\n", "; ") + ".");
  }

  const sourceName = () => data.axis("source") ? data.labels("source")[0] : "the card's source";
  const batchNote = () => data.has("images") ? `${data.at("images")} image${data.at("images") === 1 ? "" : "s"}` : "";

  function pointSelectors() {
    if (data.sweepNames.length === 0) return;
    const bar = document.getElementById("selectors");
    bar.hidden = false;
    bar.append(element("span", {}, "Point shown"));
    const most = 500;  // choices of a list; of more points one names the number
    for (const name of data.sweepNames) {
      const show = (index) => { data.point[name] = Number(index); update(); };
      const label = (text, index) => data.places.length > 0 ? `${text}: ${data.pointText({[name]: index})}` : text;
      bar.append(data.size(name) > most ? numberChooser(data.named(name), data.size(name), (number) => show(number - 1))
                                        : chooser(data.named(name), data.labels(name).map((text, index) => [index, label(text, index)]), 0, show));
    }
  }


  // Large arrays are left out of large pages: every panel asks for its own.
  function sourcePanel(options, name, by, over = "layer") {
    if (!data.has(name, "source", over, by)) return;
    const state = {source: 0};
    const choices = data.labels("source").map((label, index) => [index, label]);
    const redraw = panel({...options, controls: [chooser("weights", choices, 0, (index) => { state.source = Number(index); redraw(); })],
      paint: (canvas) => charts.stacked(canvas, name, over, by, {source: state.source})});
  }

  const choicesOfSource = () => data.labels("source").map((label, index) => [index, label]);

  // Layers one after the other, as the critical path goes through them.
  function timelinePanel() {
    if (!data.has("layer_time_by_part", "source", "layer", "part")) return;
    const state = {source: 0, listening: false};
    let redraw = () => {};
    const end = () => data.range(data.size("layer")).flatMap((layer) => data.along("layer_time_by_part", "part", {source: state.source, layer}))
      .reduce((sum, each) => sum + (each ?? 0), 0);
    const window = lightloom.zoom.onTime(() => [0, end()], () => redraw());
    redraw = panel({title: "Timeline", note: "When each layer has the critical path, from the first to the last, by what gives the time.",
      controls: [chooser("weights", choicesOfSource(), 0, (index) => { state.source = Number(index); redraw(); }), ...window.controls],
      paint: (canvas) => {
        charts.timeline(canvas, "layer_time_by_part", "part", state.source, window.now());
        if (state.listening) return;
        state.listening = true;
        window.listen(canvas, (event) => {
          const {left, right} = Chart.getChart(canvas).chartArea;
          return (event.offsetX - left) / (right - left);
        });
      }});
  }

  // What each layer reaches of what core, buffers and DRAM allow.
  function rooflinePanel() {
    const state = {source: 0};
    let shown = {head: [], rows: []};
    const redraw = panel({title: "Roofline", note: "Layers by their multiply-adds for each byte of DRAM: what they reach, and what core, buffers and DRAM allow. "
        + "A layer whose words come while the one before computes may pass its roof. Layers without DRAM traffic are in the table alone.",
      controls: [chooser("weights", choicesOfSource(), 0, (index) => { state.source = Number(index); redraw(); })],
      rows: () => shown, paint: (canvas) => { shown = charts.roofline(canvas, state.source); }});
  }

  // What the verdicts rest on: one gain over one baseline, each assumption moved alone.
  function sensitivityPanel() {
    if (!data.axis("moved_number") || data.size("source") < 2) return;
    const over = (name) => (source) => data.at(name, {source}) / data.at(name, {source: 0});
    const verdicts = [["speedup", "speed-up", (source) => data.at("speedup", {source})],
                      ["energy_gain", "energy", (source) => data.at("energy_gain", {source})],
                      ["steady_speedup", "speed-up, each later batch", over("steady_time")],
                      ["steady_energy_gain", "energy, each later batch", over("steady_energy")]].filter(([name, , today]) =>
                        data.has(`sensitivity_${name}`) && Number.isFinite(today(1)));
    if (verdicts.length === 0) return;
    const state = {verdict: verdicts[0][0], source: 1};
    const set = (key, read) => (value) => { state[key] = read(value); redraw(); };
    const baselines = data.labels("source").map((label, index) => [index, label]).slice(1);
    const redraw = panel({title: "What the verdict rests on", wide: true, tall: true,
      note: "Each number alone, at a half and at the double (bits: one bit) of what the card says, where no published source gives it. Solid line: both cost the same; dashed: the card as it is.",
      controls: [chooser("gain in", verdicts.map(([name, shown]) => [name, shown]), state.verdict, set("verdict", String)),
                 chooser("over", baselines, 1, set("source", Number))],
      paint: (canvas) => charts.tornado(canvas, `sensitivity_${state.verdict}`, state.source,
                                        verdicts.find(([name]) => name === state.verdict)[2](state.source))});
  }

  function panels() {
    for (const [name, title] of [["accuracy", "Accuracy per chip"], ["mse", "Mean squared error per chip"]])
      if (data.has(name + "_chip", "chip"))
        panel({title, note: "Each point is one chip with its own fabrication errors, on the whole test set.",
               paint: (canvas) => charts.perChip(canvas, name)});
    if (data.has("accuracy_chip", "chip") && data.size("chip") > 3)
      panel({title: "Yield", note: "The share of these chips that are at least as good: where one may draw the line between good chips and others.",
             paint: charts.chipYield});
    if (data.attributes.kind === "ratio" && data.has("memory_ratio", "source"))
      panel({title: "Memory by source", note: "Stored bits and stored values over those of 32-bit dense weights: less is better, above 1 they do not pay.",
             paint: (canvas) => charts.bySource(canvas, ["memory_ratio", "parameter_ratio"].filter((name) => data.has(name, "source")), "of dense")});
    if (data.has("stored_bits", "source", "layer"))
      panel({title: "Stored weights", note: "Bits kept in memory for each layer.",
             paint: (canvas) => charts.grouped(canvas, "stored_bits", "layer", "source", true)});
    if (data.has("time_by_part", "source", "part")) {
      panel({title: "Time against the baselines", note: "A full schedule of each source on the same core and memory, by what gives the time on its critical path.",
             paint: (canvas) => charts.stacked(canvas, "time_by_part", "source", "part")});
      sourcePanel({title: "Time by layer", note: "Each layer's tiles on the critical path, by what gives the time."}, "layer_time_by_part", "part");
      timelinePanel();
    } else if (data.has("time_by_source", "source", "stage")) {
      panel({title: "Time against the baselines", note: "A full schedule of each source on the same core and memory, by the stage on its critical path.",
             paint: (canvas) => charts.stacked(canvas, "time_by_source", "source", "stage")});
      sourcePanel({title: "Time by layer", note: "Each layer's span, by the stage on the critical path."}, "time_parts", "stage");
    }
    if (data.has("layer_intensity", "source", "layer") && data.has("core_peak") && data.has("dram_stream")) rooflinePanel();
    if (data.has("energy_by_source", "source", "component"))
      panel({title: "Energy against the baselines", note: "By component, one batch.",
             paint: (canvas) => charts.stacked(canvas, "energy_by_source", "source", "component")});
    sourcePanel({title: "Energy by layer", note: "By component, one batch."}, "energy_parts", "component");
    if (data.has("stage_time", "source", "stage", "state"))
      sourcePanel({title: "Busy and waiting", note: "What every stage of the tile pipeline does with the time: the states of a stage add up to it."},
                  "stage_time", "state", "stage");
    for (const [x, title] of [["teacher_epoch", "Training the float network"], ["epoch", "Training the weight source"]]) {
      const names = data.variables.filter((one) => one.axes.at(-1) === x && (text.isAccuracy(one.name) || one.name.endsWith("_r2"))).map((one) => one.name);
      if (names.length > 0) panel({title, note: "A validation split chooses; the test set only reports.", paint: (canvas) => charts.curves(canvas, names, x)});
    }
  }

  const complete = (rows) => rows.filter((row) => row.slice(1).every(known));

  function table(head, rows, show) {
    return element("div", {className: "scroll"}, element("table", {},
      element("thead", {}, element("tr", {}, ...head.map((cell) => element("th", {}, cell)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell, index) => element("td", {}, index === 0 ? cell : show(cell, index))))))));
  }

  // What the accuracies say of other chips, images and trainings, at the point shown.
  function intervalRows() {
    const several = data.axis("chip") && data.size("chip") > 1, also = Boolean(data.axis("training"));
    const others = also ? "other trainings and chips" : "other chips", next = also ? "a chip of another training" : "one chip more";
    const names = [["accuracy_float", "float network, other images"], ["accuracy_source", "regenerated weights, other images"],
      ["accuracy_source_trainings", "regenerated weights, other trainings, these images"],
      ["accuracy_source_together", "regenerated weights, other trainings, other images"],
      ["accuracy_chips_images", several ? "these chips, other images" : "this chip, other images"],
      ["accuracy_chips", also ? "other chips of the first training, these images" : "other chips, these images"], ["accuracy_chips_trainings", "other trainings and chips, these images"],
      ["accuracy_chips_together", others + ", other images"], ["accuracy_chips_next", next + ", these images"],
      ["accuracy_chips_next_images", next + ", other images"]];
    return complete(names.map(([name, label]) => [label, data.at(name + "_low"), data.at(name + "_high")]));
  }

  // Accuracies on the same images, one less the other.
  function comparisonRows() {
    const cells = (label, name, where) => [label, data.at(name, where), data.at(name + "_low", where), data.at(name + "_high", where), data.at(name + "_p", where)];
    const rows = [["difference_source_float", "regenerated − float"], ["difference_faulty_source", "bit errors − regenerated"],
      ["difference_chips_source", "chips − regenerated"], ["difference_first_digital", "this point − the first, digital"],
      ["difference_first_chips", "this point − the first, chips"]].map(([name, label]) => cells(label, name));
    if (data.axis("source"))
      for (const [name, on] of [["accuracy_gain", ""], ["accuracy_chips_gain", " (chips)"]])
        data.labels("source").slice(1).forEach((label, index) => rows.push(cells(`${sourceName()} − ${label}${on}`, name, {source: index + 1})));
    return complete(rows);
  }

  function statisticsTables() {
    if (!data.has("accuracy_source_low")) return;
    const parts = [["between_trainings", "between trainings"], ["between_chips", "between chips"], ["between_images", "between images"], ["rest", "rest"]];
    const fill = () => {
      const deviations = complete(parts.map(([name, label]) => [label, data.at("accuracy_" + name)]));
      const compared = comparisonRows();
      return [table(["95 % interval of the accuracy", "from", "to"], intervalRows(), (cell) => text.percent(cell)),
        ...(deviations.length > 0 ? [table(["standard deviation of right or wrong", ""], deviations, (cell) => text.plain(cell, 3))] : []),
        ...(compared.length > 0 ? [table(["on the same images", "difference", "from", "to", "p"], compared,
          (cell, index) => index === 4 ? (cell < 1e-4 ? "< 0.0001" : cell.toFixed(4)) : text.percent(cell))] : [])];
    };
    const holder = element("div", {id: "statistics"}, ...fill());
    redraws.push(() => holder.replaceChildren(...fill()));
    document.getElementById("tables").append(element("details", {open: true}, element("summary", {}, "What the accuracies say"), holder));
  }

  function layerTable() {
    if (!data.axis("layer")) return;
    const columns = data.variables.filter((one) => one.axes.includes("layer") && !one.axes.some((axis) => ["component", "stage", "part", "chip"].includes(axis)));
    if (columns.length === 0) return;
    const cell = (one, layer) => typeof one.values[0] === "string" ? data.at(one.name, {layer, source: 0})
                                                                   : text.si(data.at(one.name, {layer, source: 0}), one.unit);
    const fill = () => element("table", {},
      element("thead", {}, element("tr", {}, element("th", {}, "layer"), ...columns.map((one) => element("th", {}, data.title(one))))),
      element("tbody", {}, ...data.labels("layer").map((label, layer) =>
        element("tr", {}, element("td", {}, label), ...columns.map((one) => element("td", {}, cell(one, layer)))))));
    const holder = element("div", {className: "scroll"}, fill());
    redraws.push(() => holder.replaceChildren(fill()));
    document.getElementById("tables").append(element("details", {}, element("summary", {}, "Layer by layer" + (data.axis("source") ? `, ${sourceName()}` : "")), holder));
  }

  function provenance() {
    const rows = Object.entries(data.attributes).filter(([name]) => !["card", "title", "left_out"].includes(name));
    const section = document.getElementById("provenance");
    section.append(element("details", {open: true}, element("summary", {}, "Provenance"),
      element("div", {className: "scroll"}, element("table", {}, element("tbody", {}, ...rows.map(([name, value]) =>
        element("tr", {}, element("td", {}, name.replaceAll("_", " ")), element("td", {}, String(value)))))))));
    if (data.attributes.card)
      section.append(element("details", {}, element("summary", {}, "The card with every default filled in"), element("pre", {}, data.attributes.card)));
  }

  function update() {
    headline();
    for (const redraw of redraws) redraw();
  }

  // For scripts and tests: <html data-ready="true" data-charts="6" data-painted="6" data-errors="0">.
  function announce() {
    const root = document.documentElement.dataset;
    root.charts = document.querySelectorAll("canvas").length;
    root.painted = charts.painted();
    root.errors = lightloom.errors.length;
    root.errorText = lightloom.errors.join(" | ");
    root.ready = "true";
  }

  document.getElementById("kind").textContent = data.attributes.kind || "results";
  document.getElementById("title").textContent = data.attributes.title || "Results";
  document.getElementById("subtitle").textContent = data.attributes.summary || "";
  warning();
  pointSelectors();
  sweepPage.panels();
  lightloom.curves.panels();
  panels();
  lightloom.tiles.panels();
  lightloom.mesh.panels();
  statisticsTables();
  sensitivityPanel();
  layerTable();
  provenance();
  update();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", update);
  requestAnimationFrame(() => setTimeout(announce, 0));
})();
