#include "experiments/studies/costs/layer_list.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "core/files/csv.hpp"

namespace lightloom::experiments {
namespace {

/// Sizes that leave room for products of them in 32 bits where layers count so.
constexpr int most_size = 1 << 30;

enum class Field {
  name,
  type,
  in_height,
  in_width,
  kernel_height,
  kernel_width,
  in_channels,
  out_channels,
  stride,
  padding,
  dilation,
  groups,
  m,
  k,
  n,
  signed_inputs
};

struct FieldName {
  const char* header;  // small letters and digits alone
  Field field;
};
constexpr std::array<FieldName, 35> field_names{{{"layername", Field::name},
                                                 {"layer", Field::name},
                                                 {"name", Field::name},
                                                 {"type", Field::type},
                                                 {"ifmapheight", Field::in_height},
                                                 {"inheight", Field::in_height},
                                                 {"height", Field::in_height},
                                                 {"ifmapwidth", Field::in_width},
                                                 {"inwidth", Field::in_width},
                                                 {"width", Field::in_width},
                                                 {"filterheight", Field::kernel_height},
                                                 {"kernelheight", Field::kernel_height},
                                                 {"filterwidth", Field::kernel_width},
                                                 {"kernelwidth", Field::kernel_width},
                                                 {"channels", Field::in_channels},
                                                 {"inchannels", Field::in_channels},
                                                 {"numfilter", Field::out_channels},
                                                 {"numfilters", Field::out_channels},
                                                 {"outchannels", Field::out_channels},
                                                 {"filters", Field::out_channels},
                                                 {"stride", Field::stride},
                                                 {"strides", Field::stride},
                                                 {"padding", Field::padding},
                                                 {"dilation", Field::dilation},
                                                 {"groups", Field::groups},
                                                 {"m", Field::m},
                                                 {"vectors", Field::m},
                                                 {"k", Field::k},
                                                 {"inputs", Field::k},
                                                 {"n", Field::n},
                                                 {"outputs", Field::n},
                                                 {"signed", Field::signed_inputs},
                                                 {"signedinputs", Field::signed_inputs},
                                                 {"inputheight", Field::in_height},
                                                 {"inputwidth", Field::in_width}}};

std::string plain(std::string_view text) {
  std::string letters;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return letters;
}

std::optional<Field> field_of(std::string_view header) {
  const std::string wanted = plain(header);
  const auto* found =
      std::ranges::find_if(field_names, [&](const FieldName& one) { return wanted == one.header; });
  if (found == field_names.end()) return std::nullopt;
  return found->field;
}

/// One line of the list under its header.
class Row {
 public:
  Row(const std::vector<Field>& fields, const CsvLine& line, const std::string& path)
      : fields_(fields), line_(line), path_(path) {}

  [[nodiscard]] std::string place() const { return fmt::format("{}:{}", path_, line_.number); }
  [[nodiscard]] std::string_view text(Field field) const {
    for (std::size_t c = 0; c < fields_.size() && c < line_.cells.size(); ++c)
      if (fields_[c] == field) return line_.cells[c];
    return {};
  }
  [[nodiscard]] bool has(Field field) const { return !text(field).empty(); }
  [[nodiscard]] int size(Field field, const char* name, int least = 1) const {
    require(has(field), "{}: the layer has no {}", place(), name);
    return number(field, name, least);
  }
  [[nodiscard]] int size_or(Field field, const char* name, int otherwise, int least = 1) const {
    return has(field) ? number(field, name, least) : otherwise;
  }

 private:
  [[nodiscard]] int number(Field field, const char* name, int least) const {
    const std::optional<double> value = csv_number(text(field));
    require(
        value.has_value() && *value == std::floor(*value) && *value >= least && *value <= most_size,
        "{}: the {} '{}' must be a whole number from {} to {}", place(), name, text(field), least,
        most_size);
    return static_cast<int>(*value);
  }

  const std::vector<Field>& fields_;
  const CsvLine& line_;
  const std::string& path_;
};

/// Numbers that layers count in 32 bits must fit there, all others in 64.
void check_size(const nn::LayerShape& shape, const std::string& place) {
  const double columns = static_cast<double>(shape.in_channels) / shape.groups *
                         shape.kernel_height * shape.kernel_width;
  const double macs =
      columns * shape.out_channels * static_cast<double>(shape.out_height) * shape.out_width;
  require(columns <= most_size && macs < 0x1p62,
          "{}: the layer '{}' is larger than can be counted (at most {} inputs of a product and "
          "2^62 multiplications)",
          place, shape.name, most_size);
}

nn::LayerShape product(const std::string& name, int m, int k, int n) {
  return {.name = name,
          .kind = nn::LayerShape::Kind::linear,
          .in_channels = k,
          .out_channels = n,
          .in_height = m,
          .out_height = m};
}

/// Where a window of a convolution fits along an axis; strides, padding and dilations of a list are
/// those of both axes.
int positions(const Row& row, int in, int kernel, const nn::LayerShape& shape) {
  const std::int64_t room = in + std::int64_t{2} * shape.padding.top -
                            std::int64_t{shape.dilation.height} * (kernel - 1) - 1;
  require(room >= 0, "{}: the kernel of the layer '{}' is larger than its map with padding",
          row.place(), shape.name);
  return static_cast<int>(room / shape.stride.height + 1);
}

nn::LayerShape convolution(const Row& row, const std::string& name) {
  nn::LayerShape shape{.name = name,
                       .in_channels = row.size(Field::in_channels, "channels"),
                       .out_channels = row.size(Field::out_channels, "filters"),
                       .kernel_height = row.size(Field::kernel_height, "kernel height"),
                       .kernel_width = row.size(Field::kernel_width, "kernel width"),
                       .stride = row.size_or(Field::stride, "stride", 1),
                       .padding = row.size_or(Field::padding, "padding", 0, 0),
                       .dilation = row.size_or(Field::dilation, "dilation", 1),
                       .groups = row.size_or(Field::groups, "groups", 1),
                       .in_height = row.size(Field::in_height, "input height"),
                       .in_width = row.size(Field::in_width, "input width")};
  require(shape.in_channels % shape.groups == 0 && shape.out_channels % shape.groups == 0,
          "{}: the layer '{}' has {} groups, which do not divide its {} channels and {} filters",
          row.place(), name, shape.groups, shape.in_channels, shape.out_channels);
  shape.out_height = positions(row, shape.in_height, shape.kernel_height, shape);
  shape.out_width = positions(row, shape.in_width, shape.kernel_width, shape);
  return shape;
}

bool any_of(const Row& row, std::initializer_list<Field> fields) {
  return std::ranges::any_of(fields, [&](Field field) { return row.has(field); });
}

/// Whether the row is a matrix product: by its type, else by the columns that it fills.
bool is_product(const Row& row) {
  const std::string type = plain(row.text(Field::type));
  const bool sizes = any_of(row, {Field::m, Field::k, Field::n});
  const bool map = any_of(row, {Field::in_height, Field::in_width, Field::kernel_height,
                                Field::kernel_width, Field::in_channels, Field::out_channels});
  require(sizes != map,
          "{}: whether the layer is a convolution or a product cannot be told (give the sizes of "
          "one of them)",
          row.place());
  if (type.empty()) return sizes;
  const bool product = type == "gemm" || type == "linear" || type == "fc";
  require(product || type == "conv" || type == "convolution",
          "{}: the type '{}' is not known (conv, gemm or linear)", row.place(),
          row.text(Field::type));
  require(product == sizes, "{}: a layer of type '{}' has no use of the sizes given", row.place(),
          row.text(Field::type));
  return product;
}

bool reads_signed(const Row& row) {
  const std::string text = plain(row.text(Field::signed_inputs));
  if (text.empty() || text == "0" || text == "no" || text == "false") return false;
  require(text == "1" || text == "yes" || text == "true",
          "{}: signed is '{}' but must be yes or no", row.place(), row.text(Field::signed_inputs));
  return true;
}

ListedLayer layer_of(const Row& row) {
  require(row.has(Field::name), "{}: the layer has no name", row.place());
  const std::string name(row.text(Field::name));
  ListedLayer layer{.signed_inputs = reads_signed(row)};
  if (is_product(row)) {
    require(!any_of(row, {Field::stride, Field::padding, Field::dilation, Field::groups}),
            "{}: a product has no stride, padding, dilation or groups", row.place());
    layer.shape =
        product(name, row.size(Field::m, "M"), row.size(Field::k, "K"), row.size(Field::n, "N"));
  } else {
    layer.shape = convolution(row, name);
  }
  check_size(layer.shape, row.place());
  return layer;
}

std::vector<Field> header_of(const CsvLine& line, const std::string& path) {
  std::vector<Field> fields;
  for (const std::string_view cell : line.cells) {
    const std::optional<Field> field = field_of(cell);
    require(field.has_value(),
            "{}:{}: what the column '{}' says of a layer is not known (see docs/use/cards.md)",
            path, line.number, cell);
    require(std::ranges::find(fields, *field) == fields.end(),
            "{}:{}: the column '{}' is there twice", path, line.number, cell);
    fields.push_back(*field);
  }
  return fields;
}

/// A source holds its weights, their gradient and what it makes of them while its work is counted.
constexpr double bytes_per_weight = 32;

double machine_bytes() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

ListedLayer gemm_layer(std::string_view text) {
  std::vector<std::string_view> cells;
  csv_cells(text, cells);
  std::array<int, 3> sizes{};
  bool good = cells.size() == sizes.size();
  for (std::size_t i = 0; good && i < sizes.size(); ++i) {
    const std::optional<double> value = csv_number(cells[i]);
    good = value.has_value() && *value == std::floor(*value) && *value >= 1 && *value <= most_size;
    if (good) sizes[i] = static_cast<int>(*value);
  }
  require(good, "--gemm takes M,K,N, three whole numbers from 1 to {}, not '{}'", most_size, text);
  ListedLayer layer{.shape = product("gemm", sizes[0], sizes[1], sizes[2])};
  check_size(layer.shape, "--gemm");
  return layer;
}

std::vector<ListedLayer> read_layer_list(std::string_view text, const std::string& path) {
  std::vector<ListedLayer> layers;
  std::vector<Field> fields;
  for (const CsvLine& line : csv_lines(text)) {
    if (fields.empty()) {
      fields = header_of(line, path);
      continue;
    }
    require(line.cells.size() <= fields.size(), "{}:{}: {} values for {} columns", path,
            line.number, line.cells.size(), fields.size());
    layers.push_back(layer_of(Row(fields, line, path)));
  }
  require(!layers.empty(), "{}: no layers (a header and one line a layer are needed)", path);
  return layers;
}

std::vector<cosim::CostLayer> listed_layers(const std::vector<ListedLayer>& list,
                                            const nn::SourceCard& weights) {
  std::vector<cosim::CostLayer> layers;
  for (const ListedLayer& one : list) {
    require(static_cast<double>(one.shape.weights()) * bytes_per_weight <= machine_bytes(),
            "the layer '{}' has {} weights, more than this machine's memory holds", one.shape.name,
            one.shape.weights());
    layers.push_back(cosim::source_layer(one.shape, *nn::make_source(weights, one.shape)));
    layers.back().signed_inputs = one.signed_inputs;
  }
  return layers;
}

}  // namespace lightloom::experiments
