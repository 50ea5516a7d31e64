// A mesh of a decomposition as it lies on the chip: lines of modes, devices where they sit, coloured by their inner phase.
lightloom.mesh = (() => {
  const {data, text} = lightloom;
  const {css} = lightloom.charts;
  const {tablePanel, element} = lightloom.parts;

  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  // Phases that differ by 2 pi are one; of theta and -theta the light that crosses is the same.
  const turned = (phase) => Math.abs(Math.atan2(Math.sin(phase), Math.cos(phase)));
  const shade = (theta) => `color-mix(in srgb, ${css("--c1")} ${Math.round(100 * turned(theta) / Math.PI)}%, ${css("--c0")})`;

  // `place`: where the devices sit, which two meshes of one size share.
  function devices(prefix, place) {
    const axis = place + "device";
    return data.range(data.size(axis)).map((device) => {
      const at = (name) => data.at(name, {[axis]: device});
      return {device, column: at(place + "column"), top: at(place + "top"), bottom: at(place + "bottom"), theta: at(prefix + "theta"), phi: at(prefix + "phi")};
    });
  }

  function drawing(all, modes, title) {
    const columns = Math.max(...all.map((one) => one.column), 0) + 1, step = columns > 40 ? 14 : 26, pitch = modes > 40 ? 12 : 20;
    const width = step * (columns + 1), height = pitch * (modes + 1), x = (column) => step * (column + 1), y = (mode) => pitch * (mode + 1);
    const lines = data.range(modes).map((mode) => svg("line", {x1: 0, x2: width, y1: y(mode), y2: y(mode), stroke: css("--line"), "stroke-width": 1.5}));
    const marks = all.map((one) => svg("g", {class: "device"},
      svg("title", {}, `device ${one.device}, column ${one.column}, modes ${one.top} and ${one.bottom}: theta ${text.plain(one.theta)}, phi ${text.plain(one.phi)} rad`),
      svg("line", {x1: x(one.column), x2: x(one.column), y1: y(one.top), y2: y(one.bottom), stroke: shade(one.theta), "stroke-width": 4}),
      ...[one.top, one.bottom].map((mode) => svg("circle", {cx: x(one.column), cy: y(mode), r: pitch / 5, fill: shade(one.theta)}))));
    return svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title}, ...lines, ...marks);
  }

  function panels() {
    if (data.attributes.kind !== "decomposition") return;
    const two = data.has("left_theta"), own = two && data.axis("left_device") ? "left_" : "";
    for (const [prefix, place, name] of [["", "", two ? "The right mesh" : "The mesh"], ["left_", own, "The left mesh"]]) {
      if (!data.has(prefix + "theta") || !data.has(place + "column")) continue;
      const all = devices(prefix, place), modes = data.size(place + "mode");
      tablePanel({title: name, wide: true,
        note: `${modes} modes from top to bottom, ${all.length} devices; light goes from left to right. Blue: theta 0 or 2 pi; orange: pi. Point at a device for its phases.`,
        make: () => ({made: element("div", {className: "mesh"}, drawing(all, modes, `${name}: ${all.length} devices on ${modes} modes`)),
                      head: ["device", "column", "upper mode", "lower mode", "theta (rad)", "phi (rad)"],
                      rows: all.map((one) => [one.device, one.column, one.top, one.bottom, one.theta, one.phi])})})();
    }
  }

  return {panels, turned};
})();
