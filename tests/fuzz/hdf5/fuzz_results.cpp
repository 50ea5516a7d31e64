// Results files: read, shown as JSON and as a page. Nothing of the file may end the page's script.
#include <nlohmann/json.hpp>

#include "experiments/results/report.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/hdf5/labelled_edits.hpp"

namespace lightloom::fuzz {
namespace {

Labelled results() {
  Labelled data;
  data.attributes = {{"kind", std::string("run")},
                     {"card", std::string("name: x\nseed: 7\n")},
                     {"title", std::string("a run")},
                     {"seed", std::int64_t{7}},
                     {"time_s", 0.25}};
  data.add_axis({.name = "source", .values = std::vector<std::string>{"multilevel", "int8"}});
  data.add_axis({.name = "chip", .values = std::vector<std::int64_t>{0, 1, 2}});
  data.add_axis({.name = "phase", .values = std::vector<double>{0.5, 1.5}, .unit = "rad"});
  data.add({.name = "accuracy",
            .axes = {"source", "chip"},
            .values = std::vector<double>{0.9, 0.91, 0.92, 0.8, 0.81, 0.82},
            .unit = "1",
            .long_name = "share of images"});
  data.add({.name = "energy_J", .axes = {"source"}, .values = std::vector<double>{1e-3, 2e-3}});
  data.add({.name = "loss", .axes = {"phase"}, .values = std::vector<float>{1, 2}});
  data.add({.name = "bound_by", .axes = {"source"}, .values = std::vector<std::string>{"a", "b"}});
  data.add({.name = "total", .axes = {}, .values = std::vector<double>{3}});
  return data;
}

std::size_t count_of(const std::string& text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  return count;
}

}  // namespace

void read_input(Input input) {
  static const Labelled base = results();
  static const std::size_t script_ends = count_of(experiments::report_page(base), "</script");
  const NoIdentifiersLeft guard;
  const Labelled data = read_labelled(edited_file(base, input));
  (void)experiments::to_json(data).dump(2, ' ', false, experiments::Json::error_handler_t::replace);
  demand(count_of(experiments::report_page(data), "</script") == script_ends,
         "a page ends its scripts where they end");
}

std::vector<Seed> seeds() { return edit_seeds(); }

}  // namespace lightloom::fuzz
