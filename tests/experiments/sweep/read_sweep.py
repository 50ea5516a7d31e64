#!/usr/bin/python3
"""Opens the sweep that SweepFile.OpensInXarrayWithLabelsAndUnits writes and checks what xarray makes of it."""
import sys

try:
    import xarray
except ImportError:
    sys.exit(77)

data = xarray.open_dataset(sys.argv[1], engine="h5netcdf")
accuracy = data["accuracy_chip"]
assert accuracy.dims == ("basis_bits", "phase_sigma_rad", "chip"), accuracy.dims
assert list(data["basis_bits"].values) == [2, 4, 8], data["basis_bits"]
assert list(data["phase_sigma_rad"].values) == [0, 0.01], data["phase_sigma_rad"]
assert data["phase_sigma_rad"].attrs["units"] == "rad", data["phase_sigma_rad"].attrs
assert data["basis_bits"].attrs["units"] == "bit", data["basis_bits"].attrs
assert data["basis_bits"].attrs["long_name"] == "weights.bits.basis", data["basis_bits"].attrs
assert data["energy"].attrs["units"] == "J" and data["energy"].attrs["long_name"], data["energy"].attrs
assert [str(name) for name in data["source"].values] == ["multilevel", "integer 8", "dense"], data["source"]
best = data["accuracy_chips_mean"].sel(basis_bits=8, phase_sigma_rad=0.01)
assert abs(float(best) - 0.95) < 1e-12, best
assert data.attrs["sweep_axes"] == "basis_bits,phase_sigma_rad"
for name in ("card", "card_hash", "seed", "git_revision", "compiler", "command", "schema_version", "program_version"):
    assert name in data.attrs, name
print(dict(data.sizes))
