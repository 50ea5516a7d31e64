// Labelled arrays: what the results file holds, and how to take slices of it.
lightloom.results = JSON.parse(document.getElementById("results").textContent);

lightloom.data = (() => {
  const {attributes, axes, variables} = lightloom.results;
  const axis = (name) => axes.find((one) => one.name === name);
  const variable = (name) => variables.find((one) => one.name === name);
  const size = (name) => axis(name).values.length;
  const sweepNames = (attributes.sweep_axes || "").split(",").filter((name) => name !== "");
  const point = Object.fromEntries(sweepNames.map((name) => [name, 0]));  // the sweep point shown

  // The value of `name` at {axis: index}; axes of the sweep that are not given are taken at the shown point.
  function at(name, where = {}) {
    const found = variable(name);
    if (!found) return null;
    let offset = 0;
    for (const along of found.axes) {
      const index = along in where ? where[along] : along in point ? point[along] : 0;
      offset = offset * size(along) + index;
    }
    return found.values[offset];
  }

  const has = (name, ...along) => {
    const found = variable(name);
    return Boolean(found) && along.every((one) => found.axes.includes(one));
  };
  const range = (count) => Array.from({length: count}, (_, index) => index);
  const along = (name, axisName, where = {}) =>
    range(size(axisName)).map((index) => at(name, {...where, [axisName]: index}));
  const labels = (name) => axis(name).values.map(String);
  const title = (one) => one.long_name || one.name.replaceAll("_", " ");
  return {attributes, axes, variables, axis, variable, size, sweepNames, point, at, has, along, labels, range, title};
})();

lightloom.text = (() => {
  const prefixes = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"],
                    [1e-12, "p"], [1e-15, "f"]];
  const plain = (value, digits = 4) =>
    value === null || !Number.isFinite(value) ? "–" : Number(value.toPrecision(digits)).toLocaleString("en-US", {maximumSignificantDigits: digits});
  // 0.00123 s -> "1.23 ms"; units that take no prefix are written as they are.
  function si(value, unit, digits = 3) {
    if (value === null || !Number.isFinite(value)) return "–";
    if (!["s", "J", "W", "B", "bit", "Hz", "B/s"].includes(unit)) return plain(value, digits) + (unit && unit !== "1" ? " " + unit : "");
    if (value === 0) return "0 " + unit;
    const [scale, prefix] = prefixes.find(([each]) => Math.abs(value) >= each * 0.9995) || prefixes.at(-1);
    return plain(value / scale, digits) + " " + prefix + unit;
  }
  const percent = (value, digits = 2) => value === null || !Number.isFinite(value) ? "–" : (100 * value).toFixed(digits) + " %";
  const tick = (value) => plain(100 * value) + " %";  // of an accuracy axis
  // A quantity as shown on axes: accuracies as percentages.
  const isAccuracy = (name) => /^(accuracy|difference)/.test(name) && !name.endsWith("_p") || name.endsWith("_accuracy");
  const quantity = (one, value) => isAccuracy(one.name) ? percent(value) : si(value, one.unit);
  return {plain, si, percent, tick, quantity, isAccuracy};
})();
