"""lightloom.plot: what is drawn is what the results say."""

import io
import unittest

try:
    import matplotlib
except ImportError as absent:
    raise unittest.SkipTest(f"no matplotlib here: {absent}") from absent

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy
import xarray

import lightloom.plot as plot
from lightloom.plot import style


def sweep():
    """Two axes: five phase errors, two ranks; numbers that tell where they stand."""
    sigma, cross = numpy.array([0, 0.002, 0.005, 0.01, 0.02]), numpy.array([4, 8])
    mean = 0.9 - 10 * sigma[:, None] - 0.01 * numpy.arange(2)
    both = ("phase", "cross")
    return xarray.Dataset(
        {"accuracy_chips_mean": (both, mean), "accuracy_source": (both, mean + 0.02),
         "accuracy_chips_low": (both, mean - 0.03), "accuracy_chips_high": (both, mean + 0.01),
         "energy": ((*both, "source"), 1e-6 * (1 + numpy.arange(20.0).reshape(5, 2, 2))),
         "energy_gain": ((*both, "source"), numpy.full((5, 2, 2), [1.0, 0.5]))},
        {"phase": ("phase", sigma, {"units": "rad", "long_name": "core.phase_sigma_rad"}), "cross": cross,
         "source": ["multilevel", "int8"]}, {"sweep_axes": "phase,cross"}).assign(energy=lambda d: d["energy"].assign_attrs(units="J"))


def design():
    """Six points of a random design with a condition: `bits` is a key of four of them; the last is not computed."""
    sigma, mean = numpy.array([0.02, 0.001, 0.01, 0.005, 0.002, 0.004]), numpy.array([0.7, 0.89, 0.8, 0.85, 0.88, numpy.nan])
    of = lambda values, unit="": ("point", values, {"units": unit})
    return xarray.Dataset(
        {"accuracy_chips_mean": of(mean), "accuracy_source": of(mean + 0.02), "accuracy_chips_low": of(mean - 0.03),
         "accuracy_chips_high": of(mean + 0.01), "energy": (("point", "source"), 1e-6 * numpy.arange(12.0).reshape(6, 2) + 1e-6, {"units": "J"})},
        {"point": numpy.arange(6), "source": ["multilevel", "int8"],
         "phase": ("point", sigma, {"units": "rad", "long_name": "core.phase_sigma_rad"}),
         "bits": of([numpy.nan, 2, 3, 4, numpy.nan, 2]), "kind": of(["dense", "two", "two", "two", "dense", "two"])}, {"sweep_axes": "point"})


def run():
    parts = numpy.array([[1e-6, 2e-6, 4e-6], [8e-6, 0, 1e-9]])
    return xarray.Dataset(
        {"energy_by_source": (("source", "component"), parts), "time_by_part": (("source", "part"), parts[:, :2] / 10),
         "layer_intensity": (("source", "layer"), [[10.0, 100.0], [1, 2]]),
         "layer_attained": (("source", "layer"), [[1e12, 2e12], [3e12, 4e12]]),
         "layer_roof": (("source", "layer"), [[2e12, 3e12], [4e12, 5e12]])},
        {"source": ["multilevel", "int8"], "component": ["DRAM transfer", "laser", "core static"],
         "part": ["core", "DRAM"], "layer": ["conv1", "fc"]})


def lengths(ax, row):
    return [bar.get_width() for bar in ax.patches if abs(bar.get_y() + bar.get_height() / 2 - row) < 1e-9]


class Figures(unittest.TestCase):
    def tearDown(self):
        plt.close("all")

    def test_accuracy_draws_the_mean_its_interval_and_the_digital_line(self):
        data = sweep()
        ax = plot.accuracy(data, at={"cross": 8})
        line, digital = ax.lines
        numpy.testing.assert_allclose(line.get_xdata(), data["phase"])
        numpy.testing.assert_allclose(line.get_ydata(), 100 * data["accuracy_chips_mean"].sel(cross=8))
        numpy.testing.assert_allclose(digital.get_ydata() - line.get_ydata(), 2)
        band = ax.collections[0].get_paths()[0].vertices
        self.assertAlmostEqual(band[:, 1].max(), 100 * (0.9 - 0.01 + 0.01))
        self.assertEqual(ax.get_xlabel(), "core.phase_sigma_rad (rad)")
        self.assertEqual(len(plot.accuracy(data).get_legend().get_texts()), 2)

    def test_accuracy_of_a_design_draws_every_point_that_has_the_key(self):
        ax = plot.accuracy(design(), "phase")
        dots, (digital,) = ax.containers[0], [line for line in ax.lines if line.get_marker() == "_"]
        numpy.testing.assert_allclose(dots[0].get_xdata(), [0.02, 0.001, 0.01, 0.005, 0.002])
        numpy.testing.assert_allclose(dots[0].get_ydata(), [70, 89, 80, 85, 88])
        numpy.testing.assert_allclose(digital.get_ydata() - dots[0].get_ydata(), 2)
        below, above = numpy.array([bar[:, 1] for bar in dots[2][0].get_segments()]).T - dots[0].get_ydata()
        numpy.testing.assert_allclose([below, above], [[-3] * 5, [1] * 5])
        self.assertEqual(ax.get_xlabel(), "core.phase_sigma_rad (rad)")
        numpy.testing.assert_allclose(plot.accuracy(design(), "bits").containers[0][0].get_xdata(), [2, 3, 4])
        picked = plot.accuracy(design(), "phase", at={"kind": "dense"}).containers[0][0]
        numpy.testing.assert_allclose(picked.get_xdata(), [0.001 * 20, 0.002])
        words = plot.accuracy(design(), "kind")
        self.assertEqual([t.get_text() for t in words.get_xticklabels()], ["dense", "two"])
        self.assertEqual(plot.accuracy(design()).get_xlabel(), ax.get_xlabel())  # the first key

    def test_pareto_of_a_design_takes_every_computed_point(self):
        points, best = plot.pareto(design()).lines
        self.assertEqual(numpy.isfinite(points.get_ydata()).sum(), 5)
        numpy.testing.assert_allclose(best.get_xdata(), [1, 3])

    def test_of_times_and_energies_less_is_better_and_sources_have_colours(self):
        data = design().assign(time=("point", [3.0, 1, 2, 4, 5, 0.5], {"units": "s"}))
        _, best = plot.pareto(data, y="time").lines
        numpy.testing.assert_allclose(best.get_xdata(), [1, 3, 11])
        numpy.testing.assert_allclose(best.get_ydata(), [3, 1, 0.5])
        ax = plot.pareto(data, source=["int8", "multilevel"])
        numpy.testing.assert_allclose([line.get_xdata()[0] for line in ax.lines], [2, 2, 1, 1])
        self.assertEqual(len({line.get_color() for line in ax.lines}), 2)
        with self.assertRaisesRegex(ValueError, "no source 'int9'"):
            plot.pareto(data, source="int9")

    def test_bars_add_up_to_the_totals(self):
        ax = plot.energy(run())
        self.assertAlmostEqual(sum(lengths(ax, 0)), 7.0)
        first = sorted((bar.get_x(), bar.get_width()) for bar in ax.patches if bar.get_y() < 0.5 and bar.get_width() > 0)
        numpy.testing.assert_allclose([x for x, _ in first], [0, 1, 3])  # one after the other
        self.assertEqual(ax.get_xlabel(), "energy (µJ)")
        numpy.testing.assert_allclose(lengths(ax, 1)[0], 8.0)
        self.assertEqual(plot.time(run()).get_xlabel(), "time (ns)")

    def test_one_component_has_one_colour_in_every_figure(self):
        figures = plot.energy(run()), plot.energy(run().isel(source=[1]))
        colours = [next(bar.get_facecolor() for bar in ax.patches if bar.get_width() > 0) for ax in figures]
        self.assertEqual(colours[0], colours[1])
        self.assertNotEqual(style.component_colour("DRAM transfer"), style.component_colour("laser"))

    def test_the_front_is_what_no_point_beats(self):
        x, y = [3, 1, 2, 2, 4, float("nan")], [5, 1, 4, 3, 5, 9]
        self.assertEqual(plot.front(x, y).tolist(), [1, 2, 0])
        self.assertEqual(plot.front(x, y, larger_x=True).tolist(), [4])
        with self.assertRaisesRegex(ValueError, "as many x as y"):
            plot.front([1], [1, 2])

    def test_pareto_takes_the_own_source_and_marks_the_front(self):
        ax = plot.pareto(sweep())
        points, best = ax.lines
        self.assertEqual(len(points.get_xdata()), 10)
        numpy.testing.assert_allclose(best.get_xdata(), [1.0])  # the first point is best in both
        self.assertEqual(ax.get_xlabel(), "energy (µJ)")

    def test_a_map_writes_its_numbers_and_centres_gains_at_one(self):
        ax = plot.heat_map(sweep(), "accuracy_chips_mean")
        self.assertEqual([t.get_text() for t in ax.texts][:2], ["90.0", "89.0"])
        gain = plot.heat_map(sweep(), "energy_gain").images[0]
        self.assertAlmostEqual(gain.norm.vmin, numpy.log(0.5))
        self.assertAlmostEqual(gain.norm.vmax, -numpy.log(0.5))

    def test_roofline_puts_every_layer_under_its_roof(self):
        ax = plot.roofline(run(), "int8")
        dots = [line for line in ax.lines if line.get_marker() == "o"]
        self.assertEqual([(d.get_xdata()[0], d.get_ydata()[0]) for d in dots], [(1, 3), (2, 4)])

    def test_a_mesh_has_a_crossing_for_every_device(self):
        data = {"column": [0, 0, 1], "top": [0, 2, 1], "bottom": [1, 3, 2], "theta": [0.1, 1, 2], "screen": [0] * 4}
        crossings = [line for line in plot.mesh(data).lines if len(line.get_xdata()) == 4]
        self.assertEqual(len(crossings), 6)
        self.assertEqual({tuple(line.get_ydata()[[0, -1]]) for line in crossings if line.get_xdata()[0] > 0.5},
                         {(1, 2), (2, 1)})

    def test_spectrum_and_residuals(self):
        w = numpy.linspace(1549, 1551, 50)
        ax = plot.spectrum(w, numpy.full(50, 0.1), numpy.full(50, 0.01), decibels=True)
        numpy.testing.assert_allclose(ax.lines[0].get_ydata(), -10)
        numpy.testing.assert_allclose(ax.lines[1].get_ydata(), -20)
        series, side = plot.residuals([1, -1, 1, -1], sigma=2.0)
        self.assertIn("rms 1, stated 2", series.get_title())
        law, at = side.lines[0].get_xdata(), side.lines[0].get_ydata()
        self.assertAlmostEqual(law.max(), 1 / (2 * (2 * numpy.pi) ** 0.5))
        self.assertAlmostEqual(float(law.sum() * (at[1] - at[0])), 1.0, places=3)

    def test_a_timeline_draws_every_job_where_it_was(self):
        data = xarray.Dataset(
            {"start": (("visit", "stage"), [[0, 1e-6], [1e-6, 3e-6], [2e-6, 4e-6]]),
             "end": (("visit", "stage"), [[1e-6, 3e-6], [2e-6, 4e-6], [2e-6, 6e-6]]),
             "visit_layer": ("visit", [0, 0, 1]), "visit_core": ("visit", [0, 1, 0])},
            {"stage": ["fetch weights", "compute"], "layer": ["conv1", "fc"]})
        ax = plot.timeline(data)
        rows = [tick.get_text() for tick in ax.get_yticklabels()]
        self.assertEqual(rows, ["fetch weights", "compute, 2 cores"])
        drawn = [[(p.vertices[:, 0].min(), p.vertices[:, 0].max()) for p in row.get_paths()] for row in ax.collections]
        numpy.testing.assert_allclose(drawn[0], [(0, 1), (1, 2)])  # the third takes no time there
        numpy.testing.assert_allclose(drawn[1], [(1, 3), (4, 6)])  # core 0, and below it core 1
        numpy.testing.assert_allclose(drawn[2], [(3, 4)])
        heights = [[(p.vertices[:, 1].min(), p.vertices[:, 1].max()) for p in row.get_paths()] for row in ax.collections]
        numpy.testing.assert_allclose([heights[1][0], heights[2][0]], [(0.6, 1.0), (1.0, 1.4)])
        colours = ax.collections[1].get_facecolors()
        self.assertEqual([t.get_text() for t in ax.get_legend().get_texts()], ["conv1", "fc"])
        self.assertFalse(numpy.allclose(colours[0], colours[1]))
        self.assertEqual(ax.get_xlabel(), "time (µs)")
        cut = plot.timeline(data, window=(2.5e-6, 5e-6))
        numpy.testing.assert_allclose([p.vertices[:, 0].max() for p in cut.collections[1].get_paths()], [3, 5])
        self.assertEqual(len(plot.timeline(data, "fc").collections[0].get_paths()), 0)
        for words, call in (("no layer 'fd'", lambda: plot.timeline(data, ["fd"])), ("holds no time", lambda: plot.timeline(data, window=(2, 1)))):
            with self.assertRaisesRegex(ValueError, words):
                call()

    def test_figures_are_vectors_and_draw_on_given_axes(self):
        _, given = plt.subplots()
        self.assertIs(plot.energy(run(), ax=given), given)
        out = io.BytesIO()
        given.figure.savefig(out, format="pdf")
        self.assertTrue(out.getvalue().startswith(b"%PDF"))

    def test_what_cannot_be_drawn_is_said(self):
        for words, call in (("only those of `sweep`", lambda: plot.accuracy(run())),
                            ("not among the swept axes", lambda: plot.accuracy(sweep(), "phases")),
                            ("did you mean accuracy_chips_mean", lambda: plot.heat_map(sweep(), "accuracy_chip_mean")),
                            ("there is no source 'int9'", lambda: plot.heat_map(sweep(), "energy", source="int9")),
                            ("not among the swept keys .phase, bits, kind.", lambda: plot.accuracy(design(), "phases")),
                            ("no finished point has kind three", lambda: plot.accuracy(design(), at={"kind": "three"})),
                            ("a list of points, no grid", lambda: plot.heat_map(design(), "energy")),
                            ("needs two swept axes", lambda: plot.heat_map(run(), "energy_by_source")),
                            ("as many numbers of power as of wavelength_nm", lambda: plot.spectrum([1, 2], [1])),
                            ("as many numbers of fit as of wavelength_nm", lambda: plot.spectrum([1, 2], [1, 2], [1, 2, 3])),
                            ("power is complex", lambda: plot.spectrum([1, 2], numpy.array([1j, 2]))),
                            ("fit has the shape", lambda: plot.spectrum([1, 2], [1, 2], 3)),
                            ("at least two finite", lambda: plot.residuals([1, float("nan")])),
                            ("values is an array of", lambda: plot.residuals(["a", "b"])),
                            ("sigma is", lambda: plot.residuals([1, 2], sigma=[1, 2])),
                            ("sigma is 0", lambda: plot.residuals([1, 2], sigma=0)),
                            ("as many x as y", lambda: plot.front([1, 2], [1])),
                            ("x is complex", lambda: plot.front(numpy.array([1j, 2]), [1, 2])),
                            ("x is no array", lambda: plot.front([[1], [1, 2]], [1, 2])),
                            ("there is no source 'int9'", lambda: plot.pareto(sweep(), source="int9")),
                            ("there is no source 'int9'", lambda: plot.roofline(run(), "int9")),
                            ("not all of which dict has", lambda: plot.mesh({"theta": [1]})),
                            *(("results are an xarray.Dataset", lambda draw=draw, given=given: draw(given))
                              for draw in (plot.accuracy, plot.energy, plot.time, plot.pareto, plot.roofline, plot.timeline)
                              for given in (3, None, {}, [1]))):
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                call()


if __name__ == "__main__":
    unittest.main()
