// A window on an axis of time that buttons, the wheel with Ctrl, dragging and keys move: + and - zoom, arrows shift, 0 shows all.
lightloom.zoom = (() => {
  const {element} = lightloom.parts;

  // `whole`: () => [from, to]; `redraw` is called when the window has changed. Returns the controls and what holds the window.
  function onTime(whole, redraw) {
    const state = {window: null};
    const now = () => state.window ?? whole();
    function show(from, to) {
      const [first, last] = whole(), width = Math.min(Math.max(to - from, (last - first) * 1e-6), last - first);
      const start = Math.min(Math.max(from, first), last - width);
      state.window = width >= last - first ? null : [start, start + width];
      redraw();
    }
    // About the middle, or a share of the window.
    function scale(factor, at = 0.5) {
      const [from, to] = now(), centre = from + at * (to - from);
      show(centre - at * (to - from) * factor, centre + (1 - at) * (to - from) * factor);
    }
    function shift(share) {
      const [from, to] = now();
      show(from + share * (to - from), to + share * (to - from));
    }
    const button = (text, title, act) => {
      const made = element("button", {type: "button", title, ariaLabel: title}, text);
      made.addEventListener("click", act);
      return made;
    };
    const controls = [button("+", "Look closer", () => scale(0.5)), button("−", "See more", () => scale(2)), button("◀", "Earlier", () => shift(-0.5)),
                      button("▶", "Later", () => shift(0.5)), button("all", "The whole time", () => { state.window = null; redraw(); })];

    // The same on the drawing itself; `share(event)`: where along the window the pointer is.
    function listen(canvas, share) {
      const keys = {"+": () => scale(0.5), "=": () => scale(0.5), "-": () => scale(2), ArrowLeft: () => shift(-0.25), ArrowRight: () => shift(0.25),
                    0: () => { state.window = null; redraw(); }};
      canvas.tabIndex = 0;
      canvas.addEventListener("keydown", (event) => { if (keys[event.key]) { event.preventDefault(); keys[event.key](); } });
      canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey) return;  // the page scrolls
        event.preventDefault();
        scale(event.deltaY > 0 ? 1.25 : 0.8, share(event));
      }, {passive: false});
      let held = null;
      canvas.addEventListener("pointerdown", (event) => { held = share(event); canvas.setPointerCapture(event.pointerId); });
      canvas.addEventListener("pointermove", (event) => {
        if (held === null || event.buttons === 0) return;
        const moved = held - share(event);
        if (Math.abs(moved) > 0.01) { held = share(event); shift(moved); }
      });
      canvas.addEventListener("pointerup", () => { held = null; });
    }
    return {controls, listen, now, show};
  }

  return {onTime};
})();
