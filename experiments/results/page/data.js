// Labelled arrays: what the results file holds, and how to take slices of it.
lightloom.results = JSON.parse(document.getElementById("results").textContent);

// Long lists are embedded in fewer letters (page_values.hpp).
lightloom.unpacked = (() => {
  const powers = Array.from({length: 128}, (_, e) => Number(`1e${Math.abs(e - 64)}`));
  function bytes(text) {
    const raw = atob(text), made = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; ++i) made[i] = raw.charCodeAt(i);
    return made;
  }
  function number(all, at) {
    const digits = all[at] | all[at + 1] << 8 | all[at + 2] << 16, power = all[at + 3] & 127;
    if (digits === 0xffffff) return null;
    const value = power < 64 ? digits / powers[power] : digits * powers[power];
    return all[at + 3] < 128 ? value : -value;
  }
  return (values) => {
    if (Array.isArray(values)) return values;
    if (values.count !== undefined) return Array.from({length: values.count}, (_, i) => values.from + i);
    const all = bytes(values.at ?? values.decimals), each = values.of ? 1 : 4, made = new Array(all.length / each);
    for (let i = 0; i < made.length; ++i) made[i] = values.of ? values.of[all[i]] : number(all, 4 * i);
    return made;
  };
})();
for (const one of [...lightloom.results.axes, ...lightloom.results.variables]) one.values = lightloom.unpacked(one.values);

lightloom.data = (() => {
  const {attributes, axes, variables} = lightloom.results;
  const axesByName = new Map(axes.map((one) => [one.name, one])), variablesByName = new Map(variables.map((one) => [one.name, one]));
  const axis = (name) => axesByName.get(name);
  const variable = (name) => variablesByName.get(name);
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
  const named = (axisName) => axisName.replaceAll("_", " ");
  const numeric = (name) => axis(name).values.length > 1 && axis(name).values.every((value) => typeof value === "number");
  // Numbers that each are about the same multiple of the one before: an axis of theirs is logarithmic.
  function geometric(name) {
    const sorted = [...axis(name).values].sort((a, b) => a - b);
    if (!numeric(name) || sorted.length < 3 || sorted[0] <= 0) return false;
    const ratios = sorted.slice(1).map((value, i) => value / sorted[i]), steps = sorted.slice(1).map((value, i) => value - sorted[i]);
    const spread = (all) => all.reduce((a, b) => Math.max(a, b)) / all.reduce((a, b) => Math.min(a, b));
    return spread(ratios) < spread(steps);
  }
  // Of a list of points: the arrays that say where they are, and the words for one of them.
  const places = (attributes.coordinates || "").split(" ").filter((name) => variable(name));
  const pointText = (where) => (places.length === 0 ? sweepNames.map((name) => `${named(name)} ${labels(name)[where[name]]}`) :
    places.map((name) => [name, at(name, where)]).filter(([, value]) => value !== null && value !== "").map(([name, value]) => `${named(name)} ${value}`)).join(", ");
  // Of a sweep's grid: all points as {axis: index}, the last axis fastest.
  let listed = null;
  const points = () => listed ??= sweepNames.reduce((all, name) => all.flatMap((where) => range(size(name)).map((index) => ({...where, [name]: index}))), [{}]);
  // The values of `name` at all points, in their order, elsewhere at `where`.
  function over(name, where = {}) {
    const found = variable(name), strides = new Map();
    let stride = 1, offsets = [0];
    for (const along of [...found.axes].reverse()) {
      strides.set(along, stride);
      stride *= size(along);
      if (!sweepNames.includes(along)) offsets[0] += strides.get(along) * (where[along] ?? 0);
    }
    for (const along of sweepNames) {
      const step = strides.get(along) ?? 0, count = size(along), next = new Array(offsets.length * count);
      for (let i = 0; i < next.length; ++i) next[i] = offsets[Math.floor(i / count)] + step * (i % count);
      offsets = next;
    }
    return offsets.map((offset) => found.values[offset]);
  }
  return {attributes, axes, variables, axis, variable, size, sweepNames, point, at, has, along, labels, range, title,
          named, numeric, geometric, points, over, places, pointText};
})();

lightloom.text = (() => {
  const prefixes = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"],
                    [1e-12, "p"], [1e-15, "f"]];
  const plain = (value, digits = 4) =>
    value === null || !Number.isFinite(value) ? "–" : Number(value.toPrecision(digits)).toLocaleString("en-US", {maximumSignificantDigits: digits});
  // 0.00123 s -> "1.23 ms"; units that take no prefix are written as they are.
  function si(value, unit, digits = 3) {
    if (value === null || !Number.isFinite(value)) return "–";
    if (!["s", "J", "W", "B", "bit", "Hz", "B/s", "MAC/s"].includes(unit)) return plain(value, digits) + (unit && unit !== "1" ? " " + unit : "");
    if (value === 0) return "0 " + unit;
    const [scale, prefix] = prefixes.find(([each]) => Math.abs(value) >= each * 0.9995) || prefixes.at(-1);
    return plain(value / scale, digits) + " " + prefix + unit;
  }
  const percent = (value, digits = 2) => value === null || !Number.isFinite(value) ? "–" : (100 * value).toFixed(digits) + " %";
  const tick = (value) => plain(100 * value) + " %";  // of an accuracy axis
  // A quantity as shown on axes: accuracies as percentages.
  const isAccuracy = (name) => /^(accuracy|difference)/.test(name) && !name.endsWith("_p") || name.endsWith("_accuracy");
  const quantity = (one, value) => isAccuracy(one.name) ? percent(value) : si(value, one.unit);
  const short = (one, value) => isAccuracy(one.name) ? plain(100 * value, 3) : si(value, one.unit);
  return {plain, si, percent, tick, quantity, isAccuracy, short};
})();
