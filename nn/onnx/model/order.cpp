#include "nn/onnx/model/order.hpp"

#include <algorithm>
#include <queue>
#include <set>

#include "core/error.hpp"

namespace lightloom::nn::onnx {
namespace {

/// For every operation how many it waits for, and who waits for it.
struct Waiting {
  std::vector<std::size_t> count;
  std::vector<std::vector<std::size_t>> readers;
};

Waiting waiting_of(const std::vector<Operation>& operations) {
  std::map<std::string, std::size_t> makers;
  for (std::size_t i = 0; i < operations.size(); ++i)
    for (const std::string& name : operations[i].outputs)
      if (!name.empty()) makers[name] = i;
  Waiting waiting{std::vector<std::size_t>(operations.size()), {}};
  waiting.readers.resize(operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (const std::string& name : operations[i].inputs) {
      const auto maker = makers.find(name);
      if (maker == makers.end()) continue;
      ++waiting.count[i];
      waiting.readers[maker->second].push_back(i);
    }
  }
  return waiting;
}

}  // namespace

std::vector<Operation> in_order(std::vector<Operation> operations) {
  Waiting waiting = waiting_of(operations);
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < operations.size(); ++i)
    if (waiting.count[i] == 0) ready.push(i);
  std::vector<Operation> ordered;
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    for (const std::size_t reader : waiting.readers[next])
      if (--waiting.count[reader] == 0) ready.push(reader);
    ordered.push_back(std::move(operations[next]));
  }
  if (ordered.size() == operations.size()) return ordered;
  const auto stuck = std::find_if(waiting.count.begin(), waiting.count.end(),
                                  [](std::size_t count) { return count > 0; });
  const Operation& one = operations[static_cast<std::size_t>(stuck - waiting.count.begin())];
  throw Error(fmt::format("node '{}' ({}) waits for its own result (the file is damaged)", one.name,
                          one.type));
}

Model without_dead(Model model) {
  std::set<std::string> needed(model.outputs.begin(), model.outputs.end());
  std::vector<Operation> alive;
  for (auto operation = model.operations.rbegin(); operation != model.operations.rend();
       ++operation) {
    const bool read = std::any_of(operation->outputs.begin(), operation->outputs.end(),
                                  [&](const std::string& name) { return needed.contains(name); });
    if (!read) continue;
    needed.insert(operation->inputs.begin(), operation->inputs.end());
    alive.push_back(std::move(*operation));
  }
  std::reverse(alive.begin(), alive.end());
  model.operations = std::move(alive);
  std::erase_if(model.constants, [&](const auto& one) { return !needed.contains(one.first); });
  return model;
}

}  // namespace lightloom::nn::onnx
