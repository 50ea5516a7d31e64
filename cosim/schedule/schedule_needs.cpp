#include "cosim/schedule/schedule_needs.hpp"

namespace lightloom::cosim {

std::int64_t units_of(const ScheduleInput& input, Stage stage) {
  return stage == Stage::program || stage == Stage::compute ? input.cores : 1;
}

EnumArray<Stage, std::vector<Need>> needs_of(const ScheduleInput& input) {
  const BufferPlaces& places = input.places;
  std::vector<Stage> way{Stage::fetch_weights};  // of the weights
  if (input.generates) way.push_back(Stage::generate);
  if (input.decomposes) way.push_back(Stage::decompose);
  way.insert(way.end(), {Stage::program, Stage::compute});
  EnumArray<Stage, std::vector<Need>> needs;
  for (std::size_t i = 0; i + 1 < way.size(); ++i) {
    if (i > 0) needs[way[i]].push_back({way[i - 1], 0, Cause::data});
    const std::int64_t room = way[i] == Stage::fetch_weights ? places.weights
                              : way[i] == Stage::program
                                  ? std::int64_t{places.settings} * input.cores
                                  : places.tiles;
    needs[way[i]].push_back({way[i + 1], room, Cause::slot});
  }
  needs[Stage::fetch_inputs] = {{Stage::compute, places.inputs, Cause::slot}};
  const Stage results = input.post_processes ? Stage::post_process : Stage::write_back;
  needs[Stage::compute] = {{Stage::program, 0, Cause::data},
                           {Stage::fetch_inputs, 0, Cause::data},
                           {results, places.outputs, Cause::slot}};
  if (input.post_processes)
    needs[Stage::post_process] = {{Stage::compute, 0, Cause::data},
                                  {Stage::write_back, places.outputs, Cause::slot}};
  needs[Stage::write_back] = {
      {input.post_processes ? Stage::post_process : Stage::compute, 0, Cause::data}};
  return needs;
}

}  // namespace lightloom::cosim
