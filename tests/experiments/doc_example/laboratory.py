"""The laboratory of docs/use/calibration.md: readings looked up in data.csv and data.h5 of a virtual chip.

laboratory.py PAGE N runs the N-th Python example of the page.
"""
import re
import sys

rows = [line.rstrip("\n").split(",") for line in open("data.csv") if line[0] != "#"]
head = next(i for i, row in enumerate(rows) if row[0] == "setting")
heaters = sum(name[0] == "v" for name in rows[head])
ports = sum(name[0] == "p" for name in rows[head])
numbers = lambda row: [float(x) for x in row]

swept, sweeps, sweep_voltages = {}, [], []
for row in rows[1:head]:
    _, heater, lit, seen, volt, power, *held = numbers(row)
    if (int(heater), int(lit), int(seen), held) not in sweeps:
        sweeps.append((int(heater), int(lit), int(seen), held))
    if volt not in sweep_voltages:
        sweep_voltages.append(volt)
    swept[tuple(held), int(heater), volt, int(lit), int(seen)] = power
read = lambda held, heater, volt, lit, seen: swept[tuple(held), heater, volt, lit, seen]

measured, settings = {}, []
for row in rows[head + 1:]:
    _, port, *values = numbers(row)
    volts, powers = values[:heaters], values[heaters:]
    if volts not in settings:
        settings.append(volts)
    measured[tuple(volts), int(port)] = powers
read_powers = lambda volts, port: measured[tuple(volts), port]

page, number = open(sys.argv[1]).read(), int(sys.argv[2])
if number == 1:
    import h5py

    source = h5py.File("data.h5")
    axes = {"voltage": ("setting", "heater"), "field_re": ("input", "port"), "field_im": ("input", "port"),
            "power": ("setting", "input", "port"), "sweep_heater": ("sweep",), "sweep_input": ("sweep",),
            "sweep_output": ("sweep",), "sweep_base": ("sweep", "heater"),
            "sweep_voltage": ("sweep", "point"), "sweep_power": ("sweep", "point")}
    arrays = {name: (source[name][...], *along) for name, along in axes.items()}
exec(re.findall("```python\n(.*?)```", page, re.S)[number])
