# `make demo` and `make test` on a fresh Debian or Ubuntu machine; `make deb` for packages. Behind them: CMake presets.
LIGHTLOOM = build/release/experiments/lightloom

.PHONY: demo test bench fuzz deb clean

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

# Every reader of a user's file for a million inputs each, hours in all; `make fuzz FUZZ='--seconds 60'` for less
FUZZ = --runs 1000000
fuzz:
	scripts/install-packages build fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz --target fuzzers
	scripts/fuzz $(FUZZ)

# build/portable/lightloom_*.deb and liblightloom-dev_*.deb; scripts/try-fresh-root and try-packages build and install them on a bare Debian
deb:
	scripts/install-packages build deb
	cmake --preset portable -DLIGHTLOOM_TESTS=OFF
	cmake --build --preset portable
	cd build/portable && cpack -G DEB

clean:
	rm -rf build
