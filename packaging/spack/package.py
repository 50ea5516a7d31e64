# Spack recipe: put it in a repository of your own as packages/lightloom/package.py (docs/use/library.md).
from spack.package import *


class Lightloom(CMakePackage):
    """Co-simulation of photonic accelerators that regenerate their weights on chip instead of loading them from memory."""

    license("Apache-2.0")
    # A clone of the repository; name yours: spack develop --path /path/to/lightloom lightloom@0.2.0
    version("0.2.0")

    variant("nn", default=True, description="Networks, training, weight sources and the co-simulation")
    variant("calibration", default=True, description="Calibration from measurements")
    variant("onnx", default=False, when="+nn", description="Read, write and check ONNX files")
    variant("png", default=False, when="+nn", description="Read data sets that are folders of PNG images")
    variant("jpeg", default=False, when="+nn", description="Read data sets that are folders of JPEG images")
    variant("program", default=True, when="+nn +calibration", description="The program lightloom")
    variant("mpi", default=False, when="+program", description="Share a sweep among the processes of mpirun")
    # Debian ships Chart.js as a package (libjs-chart.js), Spack does not.
    variant("chart_js", default="/usr/share/javascript/chart.js/chart.min.js", values=any, when="+program",
            description="chart.min.js of Chart.js 3, which the pages of results carry")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("eigen@3.4:3")
    depends_on("fmt@9:")
    depends_on("yaml-cpp@0.7:")
    depends_on("random123", type="build")
    depends_on("hdf5+hl~mpi", when="+nn")
    depends_on("hdf5+hl~mpi", when="+calibration")
    depends_on("onednn@2.6:3 cpu_runtime=omp", when="+nn")
    depends_on("zlib-api", when="+nn")
    depends_on("zlib-api", when="+calibration")
    depends_on("nlohmann-json@3.11:", when="+nn")
    depends_on("ceres-solver@2.1:", when="+calibration")
    depends_on("boost@1.74: +program_options +math", when="+program")
    depends_on("mpi", when="+mpi")
    depends_on("libpng", when="+png")
    depends_on("jpeg", when="+jpeg")
    depends_on("onnx", when="+onnx")
    depends_on("protobuf", when="+onnx")

    generator("ninja")

    def cmake_args(self):
        args = [
            self.define_from_variant("LIGHTLOOM_NN", "nn"),
            self.define_from_variant("LIGHTLOOM_CALIBRATION", "calibration"),
            self.define_from_variant("LIGHTLOOM_ONNX", "onnx"),
            self.define_from_variant("LIGHTLOOM_PNG", "png"),
            self.define_from_variant("LIGHTLOOM_JPEG", "jpeg"),
            self.define_from_variant("LIGHTLOOM_PROGRAM", "program"),
            self.define_from_variant("LIGHTLOOM_MPI", "mpi"),
            self.define("LIGHTLOOM_TESTS", False),
            # Spack's compiler wrapper chooses the architecture.
            self.define("LIGHTLOOM_ARCH", ""),
        ]
        if self.spec.satisfies("+program"):
            args.append(self.define("LIGHTLOOM_CHART_JS", self.spec.variants["chart_js"].value))
        return args
