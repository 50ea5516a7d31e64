#pragma once

#include <string>
#include <string_view>

namespace lightloom {

/// What the first bytes of a file say that it is: "a zip archive (as NumPy's .npz and PyTorch's .pt
/// are)", "a gzip file"; "" when they say nothing. For sentences about a file of another kind.
std::string_view kind_of_bytes(std::string_view bytes);
/// The same of a file; "" too for one that cannot be read.
std::string kind_of_file(const std::string& path);

}  // namespace lightloom
