// Pieces of the page: elements, choosers, and panels with a chart or a table, and what stands behind it.
lightloom.parts = (() => {
  const {charts} = lightloom;
  const redraws = [];  // called when the shown sweep point or the colours change

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) name in made ? (made[name] = value) : made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function chooser(label, options, chosen, onChange) {
    const select = element("select", {}, ...options.map(([value, shown]) => element("option", {value}, shown)));
    select.value = chosen;
    select.addEventListener("change", () => onChange(select.value));
    return element("label", {}, label, select);
  }

  // A whole number from 1 on, where a list of choices would be too long.
  function numberChooser(label, most, onChange) {
    const input = element("input", {type: "number", min: 1, max: most, step: 1, value: 1});
    input.addEventListener("change", () => {
      input.value = Math.min(Math.max(Math.round(Number(input.value)) || 1, 1), most);
      onChange(Number(input.value));
    });
    return element("label", {}, `${label} (1 to ${most})`, input);
  }

  // What is no number is empty.
  const written = (value) => value === null || value === undefined || Number.isNaN(value) ? "" : String(value);
  const csv = ({head, rows}) => [head, ...rows].map((row) => row.map((one) => quoted(written(one))).join(",") + "\r\n").join("");

  // One cell of a CSV file (RFC 4180).
  function quoted(written) {
    return /[",\r\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
  }

  function save(name, contents) {
    const link = element("a", {href: URL.createObjectURL(new Blob([contents], {type: "text/csv"})), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // The numbers of a chart, made when they are asked for.
  function numbers(title, rowsOf) {
    const most = 1000;
    const holder = element("div", {className: "scroll"});
    const details = element("details", {className: "numbers", open: location.hash === "#tables"}, element("summary", {}, "Table"), holder);
    const fill = () => {
      if (!details.open) return;
      const {head, rows} = rowsOf();
      const more = rows.length > most ? [element("p", {}, `${rows.length - most} more rows: in the CSV file`)] : [];
      holder.replaceChildren(element("table", {},
        element("thead", {}, element("tr", {}, ...head.map((one) => element("th", {scope: "col"}, one)))),
        element("tbody", {}, ...rows.slice(0, most).map((row) => element("tr", {}, ...row.map((one) => element("td", {}, written(one))))))), ...more);
    };
    details.addEventListener("toggle", fill);
    const button = element("button", {type: "button", title: `The numbers of "${title}" as a file`}, "CSV");
    button.addEventListener("click", () => save(title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-") + ".csv", csv(rowsOf())));
    return {made: element("div", {className: "behind"}, details, button), fill};
  }

  function article({title, note, wide, controls = []}, body, rowsOf) {
    const behind = numbers(title, rowsOf);
    const parts = [element("h2", {}, title), element("p", {}, note)];
    if (controls.length > 0) parts.push(element("div", {className: "controls"}, ...controls));
    document.getElementById("panels").append(element("article", {className: wide ? "panel wide" : "panel"}, ...parts, body, behind.made));
    return behind.fill;
  }

  // A panel with a chart; returns what draws it again. `rows`: what the table holds, where that is not what the chart draws.
  function panel({paint, rows, tall = false, ...options}) {
    const canvas = element("canvas", {role: "img", ariaLabel: `${options.title}. ${options.note} The numbers are in the table below.`});
    const fill = article(options, element("div", {className: tall ? "plot tall" : "plot"}, canvas), rows ?? (() => charts.rows(canvas)));
    const redraw = () => { paint(canvas); fill(); };
    redraws.push(redraw);
    return redraw;
  }

  // A panel whose body is made anew each time, with the rows that it shows: {made, head, rows}.
  function tablePanel({make, ...options}) {
    const holder = element("div", {className: "scroll"});
    let shown = {head: [], rows: []};
    const fill = article(options, holder, () => shown);
    const redraw = () => { shown = make(); holder.replaceChildren(shown.made); fill(); };
    redraws.push(redraw);
    return redraw;
  }

  return {redraws, element, chooser, numberChooser, csv, panel, tablePanel};
})();
