"""The build of the package for pip (PEP 517): runs CMake and zips what it made. Needs the standard library alone.

Settings: `pip wheel . --config-settings arch=native` for this machine alone (x86-64-v3 when absent, the compiler's
default on other processors); `--config-settings build-dir=build/release` builds in a folder of CMake that is there
already, with the options that it has.
"""
import base64
import hashlib
import os
import pathlib
import platform
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ("*.yaml", "weights/*.h5", "*.LICENSE")  # what of data/ is installed, as cmake/LightloomInstall.cmake has it


def _version():
    return re.search(r"project\(lightloom VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def _tag():
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return f"{python}-{python}-{re.sub('[-.]', '_', sysconfig.get_platform())}"


def _metadata():
    return ("Metadata-Version: 2.1\n"
            "Name: lightloom\n"
            f"Version: {_version()}\n"
            "Summary: Co-simulation of photonic accelerators that regenerate their weights on chip\n"
            "License: Apache-2.0\n"
            "Requires-Python: >=3.9\n"
            "Requires-Dist: numpy>=1.21\n"
            "Provides-Extra: results\n"
            "Requires-Dist: xarray; extra == 'results'\n"
            "Provides-Extra: progress\n"
            "Requires-Dist: tqdm; extra == 'progress'\n"
            "Provides-Extra: torch\n"
            "Requires-Dist: torch>=1.13; extra == 'torch'\n"
            "Requires-Dist: h5py; extra == 'torch'\n"
            "Provides-Extra: plot\n"
            "Requires-Dist: matplotlib>=3.5; extra == 'plot'\n")


def _wheel():
    return f"Wheel-Version: 1.0\nGenerator: lightloom {_version()}\nRoot-Is-Purelib: false\nTag: {_tag()}\n"


def _build(settings):
    """Builds the package with CMake; returns its folder."""
    settings = settings or {}
    folder = ROOT / settings.get("build-dir", "build/wheel")
    usual = "x86-64-v3" if platform.machine() == "x86_64" else ""
    configure = ["cmake", "-S", ROOT, "-B", folder, "-DLIGHTLOOM_PYTHON=ON", f"-DPython3_EXECUTABLE={sys.executable}"]
    if not (folder / "CMakeCache.txt").exists():
        configure += ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DLIGHTLOOM_TESTS=OFF",
                      f"-DLIGHTLOOM_ARCH={settings.get('arch', usual)}"]
    subprocess.run(configure, check=True)
    subprocess.run(["cmake", "--build", folder, "--target", "lightloom_python_package"], check=True)
    return folder / "python" / "lightloom"


def _contents(package):
    """(name in the wheel, file) of everything that belongs into it."""
    parts = [path for part in ("torch", "torch/sources", "plot") for path in (package / part).glob("*.py*")]
    for path in sorted([*package.iterdir(), *parts]):
        if path.is_file():
            yield f"lightloom/{path.relative_to(package)}", path
    data = ROOT / "data"
    shared = sorted({path for pattern in SHARED for path in data.rglob(pattern)})
    for path in shared:
        yield f"lightloom/share/data/{path.relative_to(data)}", path


def _record(name, content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def _add(wheel, name, content):
    wheel.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return _record(name, content)


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_sdist(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    name = f"lightloom-{_version()}.dist-info"
    folder = pathlib.Path(metadata_directory) / name
    folder.mkdir()
    (folder / "METADATA").write_text(_metadata())
    (folder / "WHEEL").write_text(_wheel())
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    package = _build(config_settings)
    about, file = f"lightloom-{_version()}.dist-info", f"lightloom-{_version()}-{_tag()}.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / file, "w") as wheel:
        records = [_add(wheel, name, path.read_bytes()) for name, path in _contents(package)]
        records += [_add(wheel, f"{about}/METADATA", _metadata().encode()), _add(wheel, f"{about}/WHEEL", _wheel().encode()),
                    _add(wheel, f"{about}/LICENSE", (ROOT / "LICENSE").read_bytes())]
        wheel.writestr(zipfile.ZipInfo(f"{about}/RECORD"), "".join(records) + f"{about}/RECORD,,\n")
    return file


def build_sdist(sdist_directory, config_settings=None):
    """Everything that git tracks."""
    name = f"lightloom-{_version()}"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    with tarfile.open(pathlib.Path(sdist_directory) / f"{name}.tar.gz", "w:gz") as archive:
        for file in filter(None, files):
            if os.path.exists(ROOT / file):
                archive.add(ROOT / file, f"{name}/{file}")
    return f"{name}.tar.gz"
