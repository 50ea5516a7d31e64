# Two commands for a fresh Debian or Ubuntu machine: `make demo` and `make test`. Behind them: CMake presets.
LIGHTLOOM = build/release/experiments/lightloom

.PHONY: demo test bench clean

demo:
	scripts/install-packages build
	cmake --preset release
	cmake --build --preset release --target lightloom
	$(LIGHTLOOM) run data/experiments/quickstart.yaml --output results.h5 --report report.html

test:
	scripts/install-packages build test
	cmake --workflow --preset release

bench:
	scripts/install-packages build bench
	cmake --preset bench
	cmake --build --preset bench

clean:
	rm -rf build
