# `make demo` and `make test` on a fresh Debian or Ubuntu machine; `make deb` for packages. Behind them: CMake presets.
LIGHTLOOM = build/release/experiments/lightloom

.PHONY: demo test python torch bench fuzz deb clean

demo:
	scripts/install-packages build
	cmake --preset release
	cmake --build --preset release --target lightloom
	$(LIGHTLOOM) run data/experiments/quickstart.yaml --output results.h5 --report report.html

test:
	scripts/install-packages build test
	cmake --workflow --preset release

# build/release/python/lightloom, a whole package: PYTHONPATH=build/release/python. Or `pip install .`
python:
	scripts/install-packages build python
	cmake --preset release -DLIGHTLOOM_PYTHON=ON
	cmake --build --preset release --target lightloom lightloom_python_package
	ctest --test-dir build/release -L '^python$$' --output-on-failure

# The same with PyTorch, ONNX and matplotlib at hand: no test is skipped
torch:
	scripts/install-packages notebooks
	$(MAKE) python

bench:
	scripts/install-packages build bench
	cmake --preset bench
	cmake --build --preset bench

# Every reader of a user's file for a million inputs each, hours in all; `make fuzz FUZZ='--seconds 60'` for less
FUZZ = --runs 1000000
fuzz:
	scripts/install-packages build fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz --target fuzzers
	scripts/fuzz $(FUZZ)

# build/portable/lightloom_*.deb, liblightloom-dev_*.deb and python3-lightloom_*.deb; scripts/try-fresh-root and try-packages build and install them on a bare Debian
deb:
	scripts/install-packages build python deb
	cmake --preset portable -DLIGHTLOOM_TESTS=OFF -DLIGHTLOOM_PYTHON=ON
	cmake --build --preset portable
	cd build/portable && cpack -G DEB

clean:
	rm -rf build
