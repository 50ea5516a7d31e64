"""Meshes, cores and devices against laws written out here, and against the command line."""
import pathlib
import unittest

import numpy as np
import xarray

import lightloom
from lightloom import photonic
from support import SOURCE, program, scratch

MESH = str(SOURCE / "data/devices/mzi-mesh.yaml")
BANK = str(SOURCE / "data/devices/mrr-bank.yaml")


def product(devices, screen, two_by_two, behind=False):
    """The matrix of a mesh: every device's 2x2 in the order of light, the screen behind (or in front)."""
    matrix = np.diag(np.exp(1j * screen)) if behind else np.eye(len(screen), dtype=complex)
    for top, bottom, theta, phi in zip(*devices):
        rows = matrix[[top, bottom]]
        matrix[[top, bottom]] = two_by_two(theta, phi) @ rows
    return matrix if behind else np.exp(1j * screen)[:, None] * matrix


def mzi(theta, phi):
    """Phase phi on the upper arm, splitter, phase theta, splitter (Hamerly et al. 2022, eq. 1)."""
    splitter = np.array([[1, 1j], [1j, 1]]) / np.sqrt(2)
    return splitter @ np.diag([np.exp(1j * theta), 1]) @ splitter @ np.diag([np.exp(1j * phi), 1])


def beamsplitter(t, phi):
    """Of strawberryfields' rectangular_phase_end (Clements et al. 2016, eq. 1)."""
    return np.array([[np.exp(1j * phi) * np.cos(t), -np.sin(t)], [np.exp(1j * phi) * np.sin(t), np.cos(t)]])


def parts(phases):
    return phases["top"], phases["bottom"], phases["theta"], phases["phi"]


class Meshes(unittest.TestCase):
    def test_the_phases_make_the_matrix_by_a_product_of_2x2s_written_here(self):
        for mesh in ("clements", "reck"):
            for n in (1, 2, 7, 16):
                U = photonic.haar(n, seed=n)
                found = photonic.decompose(U, mesh=mesh)
                self.assertEqual(found.devices, n * (n - 1) // 2)
                made = product((found.top, found.bottom, found.theta, found.phi), found.screen, mzi)
                np.testing.assert_allclose(made, U, atol=1e-13 * n)
                np.testing.assert_allclose(found.matrix(), U, atol=1e-13 * n)

    def test_other_programs_phases_make_the_matrix_by_their_2x2s(self):
        U = photonic.haar(9, seed=4)
        found = photonic.decompose(U)
        for convention, two_by_two in (("perceval", mzi), ("strawberryfields-symmetric", mzi),
                                       ("strawberryfields", beamsplitter), ("interferometer", beamsplitter)):
            phases = found.to(convention)
            np.testing.assert_allclose(product(parts(phases), phases["screen"], two_by_two), U, atol=1e-12, err_msg=convention)
        behind = found.to("neurophox")  # x U of row vectors: phases behind the devices, screen in front, transposed
        made = product(parts(behind), behind["screen"],
                       lambda theta, phi: np.diag([np.exp(1j * phi), 1]) @ mzi(theta, 0), behind=True)
        np.testing.assert_allclose(made.T, U, atol=1e-12)
        with self.assertRaises(lightloom.Error):
            photonic.decompose(U, device="crossing").to("perceval")
        with self.assertRaises(lightloom.Error):
            found.to("percival")

    def test_the_data_set_is_the_file_that_the_program_writes(self):
        U = photonic.haar(6, seed=2)
        with scratch() as folder:
            matrix, settings = pathlib.Path(folder) / "u.npy", pathlib.Path(folder) / "s.h5"
            np.save(matrix, U)
            for convention in ("lightloom", "neurophox", "strawberryfields"):
                told = program("decompose", matrix, "--mesh", "reck", "--convention", convention, "-o", settings)
                theirs = xarray.open_dataset(settings, engine="h5netcdf").load()
                theirs.close()
                ours = photonic.decompose(U, mesh="reck").dataset(convention)
                self.assertEqual(ours.attrs.items() & theirs.attrs.items(), ours.attrs.items())
                ours.attrs = theirs.attrs = {}
                xarray.testing.assert_identical(ours, theirs)
                self.assertEqual(told["error"] < 1e-12, True)

    def test_any_layout_and_type_of_number_is_the_same_matrix(self):
        U = photonic.haar(6, seed=1)
        wide = np.zeros((12, 12), complex)
        wide[::2, ::2] = U
        theta = photonic.decompose(U).theta
        for same in (np.asfortranarray(U), wide[::2, ::2], U.tolist(), U[::-1][::-1], U.astype(">c16")):
            np.testing.assert_array_equal(photonic.decompose(same).theta, theta)
        rotation = np.array([[3, 4], [-4, 3]])
        np.testing.assert_allclose(photonic.decompose(rotation / 5).matrix(), rotation / 5, atol=1e-15)
        self.assertTrue(photonic.decompose(U.astype(np.complex64)).rounded)

    def test_svd_makes_any_matrix_and_changed_phases_another(self):
        M = np.random.default_rng(1).normal(size=(3, 5))
        found = photonic.decompose(M, target="svd")
        np.testing.assert_allclose(found.matrix(), M, atol=1e-13)
        np.testing.assert_allclose(np.sort(found.attenuation * found.scale)[::-1][:3], np.linalg.svd(M)[1], rtol=1e-12)
        self.assertEqual(len(found.left["screen"]), 3)
        U = photonic.haar(5, seed=8)
        mesh = photonic.decompose(U)
        moved = mesh.theta + 0.01
        expected = product((mesh.top, mesh.bottom, moved, mesh.phi), mesh.screen, mzi)
        np.testing.assert_allclose(mesh.matrix(theta=moved), expected, atol=1e-13)
        for wrong in ({"theta": moved[1:]}, {"phi": moved * 1j}, {"screen": mesh.screen * np.nan}):
            with self.assertRaises(lightloom.Error):
                mesh.matrix(**wrong)

    def test_arrays_outlive_what_they_came_from(self):
        theta = photonic.decompose(photonic.haar(40, seed=1)).theta
        again = photonic.decompose(photonic.haar(40, seed=1))
        for _ in range(50):
            photonic.haar(40, seed=2)
        np.testing.assert_array_equal(theta, again.theta)

    def test_random_unitaries_have_the_moments_of_haar(self):
        n, count = 3, 4000  # |U_00|^2 is beta(1, n - 1): mean 1/n, variance (n - 1) / (n^2 (n + 1))
        shares = np.array([abs(photonic.haar(n, seed=5, shot=shot)[0, 0]) ** 2 for shot in range(count)])
        variance = (n - 1) / (n * n * (n + 1))
        self.assertLess(abs(shares.mean() - 1 / n), 4 * np.sqrt(variance / count))
        self.assertLess(abs(shares.var() - variance), 4 * variance * np.sqrt(2 / count) * 1.5)
        U = photonic.haar(33, seed=5)
        np.testing.assert_allclose(U @ U.conj().T, np.eye(33), atol=1e-13)
        np.testing.assert_array_equal(photonic.haar(33, seed=5), U)

    def test_heaters_that_warm_one_another_move_the_matrix_and_known_crosstalk_is_taken_off(self):
        U = photonic.haar(6, seed=3)
        mesh = photonic.decompose(U)
        near = {"kernel": "exponential", "strength": 1, "decay_um": 8}
        error = {aware: np.linalg.norm(mesh.heated(near, aware=aware) - U) for aware in (False, True)}
        self.assertGreater(error[False], 0.1)
        self.assertLess(error[True], 1e-6)
        np.testing.assert_allclose(mesh.heated({"kernel": "none"}), U, atol=1e-13)
        with self.assertRaises(lightloom.CardError):
            mesh.heated({"kernell": "none"})


class Cores(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rng = np.random.default_rng(7)
        cls.W, cls.x = rng.normal(size=(70, 100)), rng.random((30, 100))

    def test_an_ideal_core_multiplies_as_numpy_does(self):
        core = photonic.Core({"kind": "ideal", "rows": 16, "columns": 24})
        realised, report = core.realise(self.W)
        np.testing.assert_array_equal(realised, self.W.astype(np.float32))
        self.assertEqual(report["relative_error"], 0)
        self.assertEqual(report["tiles"], 5 * 5)  # ceil(70 / 16), ceil(100 / 24)
        exact = self.x @ self.W.T
        bound = 4 * 100 * np.finfo(np.float32).eps * (np.abs(self.x) @ np.abs(self.W).T)
        self.assertTrue((np.abs(core.multiply(self.x, self.W) - exact) <= bound).all())

    def test_noise_of_a_product_has_no_mean_around_the_chips_own_weights(self):
        core = photonic.Core(BANK, **{"input_dac.bits": 0, "output_adc.bits": 0})
        W_chip, report = core.realise(self.W, chip=3)
        error = np.linalg.norm(W_chip - self.W) / np.linalg.norm(self.W)
        self.assertAlmostEqual(report["relative_error"], error, delta=1e-5 * error)
        matrix = core.load(self.W, chip=3).calibrate(self.x)
        shots = np.array([matrix.multiply(self.x, shot) for shot in range(64)], dtype=float)
        clean = self.x.astype(np.float32).astype(float) @ W_chip.astype(float).T
        z = (shots.mean(0) - clean) / (shots.std(0, ddof=1) / 8)
        self.assertLess(abs(z.mean()), 4 / np.sqrt(z.size))
        self.assertLess(abs(z.std() - 1), 0.1)  # Student's t of 63 degrees is 1.6 % wider
        self.assertGreater(shots.std(0).mean(), 0)

    def test_chips_and_shots_are_pure_functions_of_their_numbers(self):
        core = photonic.Core(BANK, seed=5)
        first = core.multiply(self.x, self.W, chip=1, shot=2)
        np.testing.assert_array_equal(first, core.multiply(self.x, self.W, chip=1, shot=2))
        self.assertTrue((first != core.multiply(self.x, self.W, chip=1, shot=3)).any())
        self.assertTrue((core.realise(self.W, chip=1)[0] != core.realise(self.W, chip=2)[0]).any())
        self.assertTrue((core.realise(self.W)[0] != photonic.Core(BANK, seed=6).realise(self.W)[0]).any())

    def test_a_vector_draws_the_noise_of_its_number_whatever_the_batch(self):
        matrix = photonic.Core(BANK).load(self.W).calibrate(self.x)
        both = matrix.multiply(self.x[:2])
        np.testing.assert_array_equal(matrix.multiply(self.x[1:2], shot=1), both[1:])

    def test_converters_count_what_they_clip(self):
        matrix = photonic.Core(BANK).load(self.W).calibrate(self.x)
        matrix.multiply(self.x)
        counts = matrix.counts
        matrix.multiply(10 * self.x)
        self.assertGreater(matrix.counts["clipped_inputs"], counts["clipped_inputs"])
        self.assertGreater(counts["conversions"], 0)

    def test_statistics_are_the_programs(self):
        for card, words in ((MESH, ["--set", "mesh.modes=8"]), (BANK, [])):
            told = program("chip", card, "--chips", 6, "--seed", 3, *words)
            ours = photonic.Core(card, seed=3, **({"mesh.modes": 8} if words else {})).statistics(chips=6)
            for name in ("error", "fidelity", "insertion_loss_dB", "power_mW"):
                self.assertAlmostEqual(ours[name].mean(), told[name]["mean"], delta=1e-14 + 1e-12 * abs(told[name]["mean"]))
            self.assertEqual(ours["target"], told["target"])
        told = program("chip", BANK, "--chips", 3, "--targets", "4-bit")
        self.assertAlmostEqual(photonic.Core(BANK).statistics("4-bit", chips=3)["error"].mean(), told["error"]["mean"], 14)
        self.assertEqual(photonic.Core(BANK).statistics(self.W, chips=2)["error"].shape, (2,))

    def test_what_does_not_fit_is_said(self):
        core = photonic.Core(BANK)
        matrix = core.load(self.W)
        for call in (lambda: matrix.multiply(self.x), lambda: matrix.calibrate(self.x[:, 1:]), lambda: core.realise(self.W[0]),
                     lambda: core.realise(self.W * 1j), lambda: core.realise(self.W * np.inf), lambda: core.realise(self.W[:0]),
                     lambda: core.realise(self.W * 1e300), lambda: core.realise(self.W, chip=-1), lambda: core.realise("W"),
                     lambda: core.realise(self.W, chip=1.5), lambda: core.statistics("4bit"), lambda: core.statistics(chips=0),
                     lambda: photonic.Core(MESH).statistics(self.W), lambda: photonic.Core({"kind": "mrr-bankk"}),
                     lambda: photonic.Core(BANK, seed=-1), lambda: core.multiply(self.x[:0], self.W)):
            with self.assertRaises(lightloom.Error) as caught:
                call()
            self.assertTrue(str(caught.exception))


class Devices(unittest.TestCase):
    def test_rings_follow_their_formula(self):
        t1, t2, a = 0.9, 0.95, 0.99
        ring = photonic.Ring(t1, t2, a)
        phase = np.linspace(-7, 7, 33).reshape(3, 11)
        turn = np.exp(1j * phase)
        through = abs((t1 - t2 * a * turn) / (1 - t1 * t2 * a * turn)) ** 2
        drop = (1 - t1**2) * (1 - t2**2) * a / abs(1 - t1 * t2 * a * turn) ** 2
        np.testing.assert_allclose(ring.through(phase), through, rtol=1e-12)
        np.testing.assert_allclose(ring.drop(phase), drop, rtol=1e-12)
        self.assertAlmostEqual(ring.weight(ring.phase_for(0.25)), 0.25, 12)
        self.assertIsInstance(float(ring.through(0.0)), float)
        self.assertAlmostEqual(photonic.Ring.fsr_nm(4.2, 60, 1550), 1550**2 / (4.2 * 60e3), 9)
        self.assertAlmostEqual(ring.quality(4.2, 60, 1550), np.pi * 4.2 * 60e3 * np.sqrt(t1 * t2 * a) / 1550 / (1 - t1 * t2 * a), 6)

    def test_heaters_turn_by_the_square_of_the_voltage_and_back(self):
        heater = photonic.Heater(pi_voltage_V=4.0)
        np.testing.assert_allclose(heater.phase([0, 2, 4]), [0, np.pi / 4, np.pi], rtol=1e-14)
        np.testing.assert_allclose(heater.voltage(heater.phase([1.0, 3.0])), [1, 3], rtol=1e-12)
        coded = photonic.Heater(pi_voltage_V=4.0, max_voltage_V=8, voltage_bits=2)  # codes of 8/3 V
        self.assertAlmostEqual(float(coded.voltage(np.pi * (2.5 / 4) ** 2)), 8 / 3, 12)

    def test_crosstalk_falls_as_its_kernel_says(self):
        share = photonic.Crosstalk(kernel="exponential", strength=0.5, decay_um=10).share([0, 10, 20])
        np.testing.assert_allclose(share, 0.5 * np.exp([0, -1, -2]), rtol=1e-14)

    def test_numbers_out_of_their_range_are_refused(self):
        for call in (lambda: photonic.Ring(1.2), lambda: photonic.Ring(1, 1, 1), lambda: photonic.Ring("x"),
                     lambda: photonic.Ring().through(1j), lambda: photonic.Ring().through(np.nan),
                     lambda: photonic.Heater(pi_voltage_V=-1), lambda: photonic.Heater().voltage(-1),
                     lambda: photonic.Heater(volts=3), lambda: photonic.Crosstalk(kernel="linear"),
                     lambda: photonic.Crosstalk().share(-1), lambda: photonic.Ring.fsr_nm(0, 1, 1),
                     lambda: photonic.haar(0), lambda: photonic.haar(2.0), lambda: photonic.haar(10**6),
                     lambda: photonic.decompose(np.ones((2, 2))), lambda: photonic.decompose(np.ones(3)),
                     lambda: photonic.decompose(np.ones((0, 0))), lambda: photonic.decompose([[1, 2], [3]]),
                     lambda: photonic.decompose(np.eye(3), mesh="butterfly"), lambda: photonic.decompose(np.eye(2), mesh=3),
                     lambda: photonic.decompose(np.eye(2), mesh="triangle")):
            with self.assertRaises(lightloom.Error) as caught:
                call()
            self.assertTrue(str(caught.exception))


if __name__ == "__main__":
    unittest.main()
