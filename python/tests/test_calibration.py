"""The laboratory's loop, closed: measure, fit, program, choose what to measure next, measure."""
import pathlib
import unittest

import numpy as np
import xarray

import lightloom
from lightloom import calibration, photonic
from support import program, scratch

CHIP = {"chip": {"modes": 4}, "seed": 3}


def off_up_to_port_phases(made, wanted):
    """How far moduli are from the wanted ones, rows and columns of `made` scaled alike: what powers can tell of 4 ports."""
    return np.abs(np.abs(made) / np.linalg.norm(made) - np.abs(wanted) / np.linalg.norm(wanted)).max()


class Loop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.chip = calibration.VirtualChip(CHIP)
        sweeps, problems = cls.chip.sweep()
        assert problems == [], problems
        cls.data = cls.chip.measure(cls.chip.random_voltages(40, seed=1)).with_sweeps(sweeps)
        cls.device, cls.about = calibration.fit(cls.data)

    def test_a_fit_finds_the_hidden_chip_within_its_sigmas(self):
        self.assertTrue(self.about["converged"])
        self.assertLess(abs(self.about["chi2_per_dof"] - 1), 0.3)
        found, truth = self.device.parameters["gamma"], self.chip.truth.parameters["gamma"]
        z = (found["value"] - truth["value"]) / found["sigma"]
        self.assertEqual(z.shape, (self.chip.heaters,))
        self.assertLess(np.abs(z).max(), 5)
        self.assertEqual(found["unit"], "rad/V^2")

    def test_a_programmed_matrix_stands_on_the_hidden_chip(self):
        U = photonic.haar(4, seed=6)
        set = self.device.program(U)
        self.assertEqual(set["voltages_V"].shape, (12,))
        made = self.chip.truth.matrix(set["voltages_V"])
        self.assertLess(off_up_to_port_phases(made, U), 0.02)
        untold = self.chip.truth.matrix(np.zeros(12))
        self.assertGreater(off_up_to_port_phases(untold, U), 0.05)
        np.testing.assert_allclose(self.device.matrix(set["voltages_V"]).shape, (4, 4))

    def test_designed_settings_tell_more_than_random_ones_and_narrow_the_next_fit(self):
        more = self.device.design(settings=6, seed=2)
        self.assertEqual(more["voltages_V"].shape, (6, self.chip.heaters))
        self.assertLess(more["mean_shrink"], more["mean_shrink_random"])
        self.assertTrue((np.diff(more["gain"]) <= 1e-9).all())
        again, about = calibration.fit(self.data + self.chip.measure(more["voltages_V"]), start=self.device)
        self.assertTrue(about["converged"])
        before, after = (device.parameters["phi_0"]["sigma"] for device in (self.device, again))
        self.assertLess(np.exp(np.log(after[after > 0]).mean()), np.exp(np.log(before[before > 0]).mean()))

    def test_a_device_is_a_card_and_back(self):
        again = calibration.Device(self.device.card())
        for kind, one in self.device.parameters.items():
            np.testing.assert_array_equal(again.parameters[kind]["value"], one["value"], kind)
        with scratch() as folder:
            path = pathlib.Path(folder) / "device.yaml"
            self.device.card().write(path)
            np.testing.assert_array_equal(calibration.Device(path).parameters["gamma"]["value"],
                                          self.device.parameters["gamma"]["value"])

    def test_arrays_of_a_file_fit_as_the_program_fits_the_file(self):
        with scratch() as folder:
            card, file, device = (pathlib.Path(folder) / name for name in ("chip.yaml", "lab.h5", "device.yaml"))
            lightloom.Card({**CHIP, "settings": 30}).write(card)
            program("calibrate", "simulate", card, "-o", file)
            told = program("calibrate", "fit", file, "-o", device)
            theirs = calibration.Device(device).parameters
            lab = xarray.open_dataset(file, engine="h5netcdf").load()
            lab.close()
        sweeps = [{"heater": int(lab.sweep_heater[s]), "input": int(lab.sweep_input[s]), "output": int(lab.sweep_output[s]),
                   "base_V": lab.sweep_base.values[s], "volts": lab.sweep_voltage.values[s],
                   "readings": lab.sweep_power.values[s]} for s in range(lab.sizes["sweep"])]
        data = calibration.Measurements(
            lab.voltage, lab.power, fields=lab.field_re.values + 1j * lab.field_im.values,
            monitor=lab.monitor if "monitor" in lab else None, sweeps=sweeps,
            noise={name: lab.attrs["noise_" + name] for name in ("thermal", "shot", "relative")},
            notes={key[len("note_"):]: text for key, text in lab.attrs.items() if key.startswith("note_")})
        ours, about = calibration.fit(data)
        self.assertEqual(about["chi2_per_dof"], told["chi2_per_dof"])
        np.testing.assert_array_equal(ours.parameters["gamma"]["value"], theirs["gamma"]["value"])

    def test_what_cannot_be_fitted_is_said(self):
        volts, powers = self.data.voltages_V, self.data.readings
        make = calibration.Measurements
        for call in (lambda: make(volts[1:], powers), lambda: make(volts, powers[:, 1:]), lambda: make(volts * np.nan, powers),
                     lambda: make(volts, powers + 0j), lambda: make(volts[0], powers), lambda: make(volts, powers, monitor=[1]),
                     lambda: make(volts, powers, noise={"thermall": 1}), lambda: make(volts, powers, sweeps=[{}]),
                     lambda: make(volts, powers, sweeps=[3]), lambda: make(volts, powers, fields=np.eye(3)),
                     lambda: make(volts, powers, sweeps=[{**self.data.sweeps[0], "heater": 99}]),
                     lambda: calibration.fit(make(volts[:3], powers[:3])), lambda: calibration.fit(3),
                     lambda: calibration.fit(self.data, fit__hubber=3), lambda: calibration.fit(self.data, start=3),
                     lambda: calibration.fit(make(volts[:, :10], powers)), lambda: calibration.fit(make(volts, -powers)),
                     lambda: self.device.program(np.eye(3)), lambda: self.device.program(np.ones((4, 4))),
                     lambda: self.device.program(np.eye(4), max_voltage_V=0), lambda: self.device.matrix(np.zeros(3)),
                     lambda: self.device.design(settings=0), lambda: self.device.design(settings=9, candidates=3),
                     lambda: self.chip.measure(np.zeros((2, 3))), lambda: calibration.VirtualChip({"chipp": 1}),
                     lambda: calibration.Device({"nothing": 1}), lambda: self.chip.truth.design()):
            with self.assertRaises(lightloom.Error) as caught:
                call()
            self.assertTrue(str(caught.exception))


if __name__ == "__main__":
    unittest.main()
