#include "experiments/cards/units_of_keys.hpp"

#include <array>
#include <utility>

namespace lightloom::experiments {
namespace {

using Suffix = std::pair<std::string_view, std::string_view>;

constexpr std::array suffixes{
    Suffix{"rad", "rad"},   Suffix{"dB", "dB"},     Suffix{"db", "dB"},       Suffix{"dBm", "dBm"},
    Suffix{"GBps", "GB/s"}, Suffix{"MBps", "MB/s"}, Suffix{"Gbps", "Gbit/s"}, Suffix{"GHz", "GHz"},
    Suffix{"MHz", "MHz"},   Suffix{"kHz", "kHz"},   Suffix{"Hz", "Hz"},       Suffix{"s", "s"},
    Suffix{"ms", "ms"},     Suffix{"us", "us"},     Suffix{"ns", "ns"},       Suffix{"ps", "ps"},
    Suffix{"W", "W"},       Suffix{"mW", "mW"},     Suffix{"uW", "uW"},       Suffix{"J", "J"},
    Suffix{"nJ", "nJ"},     Suffix{"pJ", "pJ"},     Suffix{"fJ", "fJ"},       Suffix{"aJ", "aJ"},
    Suffix{"mm2", "mm^2"},  Suffix{"um2", "um^2"},  Suffix{"mm", "mm"},       Suffix{"um", "um"},
    Suffix{"nm", "nm"},     Suffix{"K", "K"},       Suffix{"V", "V"},         Suffix{"mV", "mV"},
    Suffix{"mA", "mA"},     Suffix{"uA", "uA"},     Suffix{"bits", "bit"},    Suffix{"bytes", "B"},
    Suffix{"KiB", "KiB"},   Suffix{"MiB", "MiB"},   Suffix{"lsb", "LSB"},
};

}  // namespace

std::string unit_of_key(std::string_view key) {
  key = key.substr(key.find_last_of('.') + 1);
  const std::string_view last = key.substr(key.find_last_of('_') + 1);
  if (last.size() == key.size() && last != "bits") return "1";  // a word of its own is no suffix
  for (const auto& [suffix, unit] : suffixes)
    if (last == suffix) return std::string(unit);
  return "1";
}

}  // namespace lightloom::experiments
